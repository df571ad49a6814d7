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
    """The file cannot be read as CSV with the expected columns; nothing is imported."""

    code = "unusable_csv"


class ImportInProgress(Problem):
    """An import is running already."""

    status = HTTPStatus.CONFLICT
    code = "import_under_way"


class DeliveryInProgress(Problem):
    """A delivery is running already."""

    status = HTTPStatus.CONFLICT
    code = "delivery_under_way"


class UnknownCustomer(Problem):
    """Nothing is kept of a customer with this id."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown_customer"

    def __init__(self) -> None:
        super().__init__("Nothing is kept of a customer with this id.")


class ErasureMustWait(Problem):
    """What is under way may hold the person; erase when it has ended."""

    status = HTTPStatus.CONFLICT
    code = "must_wait"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} Nothing was erased; try again in a moment.", headers={"Retry-After": "10"})
