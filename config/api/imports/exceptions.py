"""Errors of imports."""

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
    """The file cannot be read as CSV with the expected columns; nothing is imported."""

    code = "unusable_csv"


class UploadTooLarge(Problem):
    """The files are larger than IMPORT_MAX_UPLOAD."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class ImportInProgress(Problem):
    """An import is running already."""

    status = HTTPStatus.CONFLICT
    code = "import_under_way"
