"""Publishing to Kafka: records, the producer of a process and what it is made of, and why Kafka does not take them.

Imports no models.
"""

from ingest.publisher.failures import FailureReason
from ingest.publisher.producers import PublishResult
from ingest.publisher.publishing import Publisher, publisher
from ingest.publisher.records import ENTRY_ID_HEADER, OWN_HEADERS, Record

__all__ = ["ENTRY_ID_HEADER", "OWN_HEADERS", "FailureReason", "PublishResult", "Publisher", "Record", "publisher"]
