"""Errors of ingest's API."""

from http import HTTPStatus
from typing import Any

from config.api.problems import Problem


class InvalidData(Problem):
    """The body is not an object with a usable `content`, nor an array of such objects."""


class ContentTooLarge(Problem):
    """A content is larger than Kafka accepts."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class LinesInterrupted(Problem):
    """A body of lines was not taken to its end; what is told of the lines before stays."""

    code = "interrupted"

    def __init__(self, status: HTTPStatus, detail: str, **members: Any) -> None:
        super().__init__(detail, **members)
        self.status = status  # of what interrupted it


class TooManyStreams(Problem):
    """Bodies of lines keep enough threads busy already."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "too_many_streams"


class BacklogFull(Problem):
    """Too many entries wait for Kafka."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "backlog_full"
