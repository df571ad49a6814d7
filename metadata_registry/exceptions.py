"""Errors of the registry's API."""

from http import HTTPStatus

from config.api.problems import Problem


class MetadataNotFound(Problem):
    """There is no such record, or none at all."""

    status = HTTPStatus.NOT_FOUND
    code = "no_such_metadata"


class ImportRefused(Problem):
    """A line of an export is not valid; nothing was imported."""
