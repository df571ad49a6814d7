"""Publishing to Kafka: records, the producer of a process, and why Kafka does not take them. Imports no models."""

from ingest.publisher.failures import FailureReason
from ingest.publisher.publishing import ENTRY_ID_HEADER, Publisher, PublishResult, Record, client_options, publisher

__all__ = [
    "ENTRY_ID_HEADER",
    "FailureReason",
    "PublishResult",
    "Publisher",
    "Record",
    "client_options",
    "publisher",
]
