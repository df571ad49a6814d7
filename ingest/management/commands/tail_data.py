"""`manage.py tail_data`: print what arrives in Kafka; an example of a correct consumer."""

from argparse import ArgumentParser
from collections import OrderedDict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from kafka import KafkaConsumer
from kafka.errors import KafkaError

from config.core.commands import LeanCommand
from ingest.publisher import ENTRY_ID_HEADER
from ingest.publisher.kafka_python import client_options

REMEMBERED = 100_000  # a repeat comes soon after its first, or not at all


class Seen:
    """Remembers the last REMEMBERED entry ids."""

    def __init__(self) -> None:
        self._ids: OrderedDict[bytes, None] = OrderedDict()

    def is_repeat(self, entry_id: bytes) -> bool:
        """Return whether this id came before; from now on it did."""
        if entry_id in self._ids:
            return True
        self._ids[entry_id] = None
        if len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)
        return False


class Command(LeanCommand):
    """Delivery is at least once: a correct consumer drops repeats by the header `entry-id`, as this one does."""

    help = "Print the records of the topic as they arrive, each once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from-beginning", action="store_true", help="print what is in the topic already, too")
        parser.add_argument("--seconds", type=float, help="end when nothing has come for so long")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            consumer = KafkaConsumer(
                settings.KAFKA_TOPIC,
                **client_options(),
                auto_offset_reset="earliest" if options["from_beginning"] else "latest",
                enable_auto_commit=False,
                consumer_timeout_ms=options["seconds"] * 1000 if options["seconds"] else float("inf"),
            )
        except KafkaError as error:
            raise CommandError(f"Kafka does not answer at {settings.KAFKA_BOOTSTRAP_SERVERS}: {error}") from error
        try:
            self._print(consumer)
        except KeyboardInterrupt:
            pass
        finally:
            consumer.close()

    def _print(self, consumer: KafkaConsumer) -> None:
        seen, repeats = Seen(), 0
        for record in consumer:
            if seen.is_repeat(dict(record.headers).get(ENTRY_ID_HEADER, b"")):
                repeats += 1
                continue
            self.stdout.write(f"{(record.key or b'').decode()} {record.value.decode()}")
            self.stdout.flush()
        if repeats:
            self.stderr.write(f"{repeats} repeats were dropped.")
