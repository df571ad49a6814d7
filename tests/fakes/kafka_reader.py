"""Reads a topic from its beginning to its present end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition


@dataclass(frozen=True)
class Arrived:
    """A record in the topic."""

    key: bytes
    value: bytes
    entry_id: int  # of the header
    headers: dict[str, bytes]
    partition: int

    def json(self) -> Any:
        return orjson.loads(self.value)


def read_topic(servers: str | Sequence[str], topic: str) -> list[Arrived]:
    """Return all records of the topic; none when there is no such topic."""
    consumer = KafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, allow_auto_create_topics=False, bootstrap_timeout_ms=3000
    )
    try:
        if topic not in consumer.topics():
            return []
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        records: list[Any] = []
        # Tansu's end is that of the last batch's first record: read on until nothing comes.
        while (batches := consumer.poll(timeout_ms=300)) or any(consumer.position(p) < end for p, end in ends.items()):
            for batch in batches.values():
                records += batch
        return [
            Arrived(r.key, r.value, int(dict(r.headers)["entry-id"]), dict(r.headers), r.partition) for r in records
        ]
    finally:
        consumer.close()
