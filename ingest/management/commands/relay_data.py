"""`manage.py relay_data`: the relay process. `--retry-refused`: publish refused entries again, once."""

import signal
from typing import Any

from django.core.management.base import CommandParser

from config.core.commands import LeanCommand
from config.core.telemetry.start import start
from ingest import services
from ingest.relay import Relay
from ingest.selectors import situation

RETRY_SECONDS = 60.0  # what is left then is the relay's, or the worker's
MOST_COUNTED = 10_000


class Command(LeanCommand):
    """Publishes what waits for Kafka until SIGTERM. Several may run; so may none: the worker looks once a minute."""

    help = "Publish the entries that wait for Kafka, as they come."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--retry-refused",
            action="store_true",
            help="publish again what Kafka has refused, say what came of it, and end",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        start("relay")
        if options["retry_refused"]:
            self._retry_refused()
        else:
            self._relay()

    def _retry_refused(self) -> None:
        retried = services.retry_all_refused()
        self.stdout.write(f"Refused entries that are tried again: {retried}.")
        if retried:
            services.relay_waiting(seconds=RETRY_SECONDS)
            now = situation(MOST_COUNTED)
            self.stdout.write(f"Now refused: {now['refused']}. Now waiting for Kafka: {now['waiting']}.")

    def _relay(self) -> None:
        relay = Relay()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        relay.run()
