"""What can be wrong with a file or a request, found while computing. Free of Django: the children that compute raise these.

A fault travels from the child to the job's row as `{status, code, detail, field}` and is answered to whoever waits.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus


class Fault(Exception):  # noqa: N818 - it is the request's or the file's, not ours
    """A reason why a job cannot succeed, however often it is run."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "failed"

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class BrokenFile(Fault):
    """The file cannot be read as what it says it is."""

    code = "broken_file"


class UnknownColumn(Fault):
    """A column that the file does not have."""

    status = HTTPStatus.BAD_REQUEST
    code = "unknown_column"

    def __init__(self, column: str, columns: Sequence[str], *, field: str) -> None:
        there = ", ".join(columns[:50]) + (", ..." if len(columns) > 50 else "")
        super().__init__(f"There is no column {column!r}. The file has: {there}.", field=field)


class NotNumeric(Fault):
    """A column that is computed on holds something that is not a number."""

    status = HTTPStatus.BAD_REQUEST
    code = "not_numeric"

    def __init__(self, column: str, value: str, *, field: str) -> None:
        super().__init__(f"The column {column!r} is not numeric: it holds {value!r}.", field=field)


class AmbiguousOutput(Fault):
    """Two columns of the result would have one name."""

    status = HTTPStatus.BAD_REQUEST
    code = "ambiguous_output"


class FileChanged(Fault):
    """The file was written to while it was being read."""

    status = HTTPStatus.CONFLICT
    code = "file_changed"


class PlaceUnavailable(Fault):
    """The store that a file lies in does not answer, or does not let us."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "storage_unavailable"

    def __init__(self) -> None:
        super().__init__("The store of the files does not answer; try again later.")


class EngineUnavailable(Fault):
    """The cluster or server that computes does not answer."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "engine_unavailable"

    def __init__(self) -> None:
        super().__init__("Spark does not answer; try again later.")


class LimitReached(Fault):
    """The work needs more memory, time or disk than a job may have."""

    code = "limit_reached"


class Finding(Exception):  # noqa: N818 - not an error
    """What an engine has found out about a file while it read it; read again with that in mind, the file may do."""


class NotThatKind(Finding):
    """A column does not hold the kind of value it was read as; a wider kind may do."""

    def __init__(self, column: str, kind: str, value: str) -> None:
        super().__init__(column)
        self.column = column
        self.kind = kind
        self.value = value


class DoesNotFit(Finding):
    """A sum of whole numbers is beyond 64 bits."""


class NotPlain(Finding):
    """A CSV is not as simple as it was read; the next reader takes all."""


class NotSplittable(Finding):
    """The engine cannot read the file in pieces, and now knows to read it as a whole."""


def check_known(asked: Sequence[str] | Mapping[str, object], columns: Sequence[str], field: str) -> None:
    """Raise UnknownColumn unless all that is asked for is there."""
    for column in asked:
        if column not in columns:
            raise UnknownColumn(column, columns, field=field)


def check_distinct(names: Sequence[str]) -> None:
    """Raise AmbiguousOutput where a result would have two columns of one name."""
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise AmbiguousOutput(f"The result would have two columns {name!r}; rename one in the file.")
        seen.add(name.casefold())
