"""Errors of ingest's API."""

from http import HTTPStatus

from config.api.problems import Problem


class InvalidData(Problem):
    """The body is not an object with a usable `content`, nor an array of such objects."""


class ContentTooLarge(Problem):
    """A content is larger than Kafka accepts."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class BacklogFull(Problem):
    """Too many entries wait for Kafka."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "backlog_full"
