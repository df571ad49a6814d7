"""Publishing to Kafka: records, the producer of a process, and the two clients that it may be made of. Imports no models."""

from ingest.publisher.producers import PublishResult
from ingest.publisher.publishing import Publisher, publisher
from ingest.publisher.records import ENTRY_ID_HEADER, Record

__all__ = ["ENTRY_ID_HEADER", "PublishResult", "Publisher", "Record", "publisher"]
