"""Errors of inflight's API."""

from http import HTTPStatus

from config.api.problems import Problem


class FileOutsideRoots(Problem):
    """The path is not below any of IMPORT_ROOTS."""

    status = HTTPStatus.FORBIDDEN
    code = "outside_import_roots"


class FileMissing(Problem):
    """There is no such file."""

    status = HTTPStatus.NOT_FOUND
    code = "no_such_file"


class UnusableCsv(Problem):
    """The file as a whole cannot be read as the CSV it should be; nothing of it is imported."""

    code = "unusable_csv"


class ImportInProgress(Problem):
    """One import at a time per database."""

    status = HTTPStatus.CONFLICT
    code = "import_under_way"


class DeliveryInProgress(Problem):
    """One delivery at a time."""

    status = HTTPStatus.CONFLICT
    code = "delivery_under_way"
