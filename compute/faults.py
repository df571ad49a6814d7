"""What can be wrong with a file or a request, found while computing. Free of Django: the children that compute raise these.

A fault travels from the child to the job's row as `{status, code, detail, field}` and is answered to whoever waits.
"""

from collections.abc import Sequence
from http import HTTPStatus
from json import dumps


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

    def __init__(self, column: str, why: str, *, field: str) -> None:
        super().__init__(f"The column {column!r} is not numeric: {why}", field=field)


class MixedColumn(Fault):
    """A column of which the least or greatest is asked holds numbers and text, so that it has no one order."""

    status = HTTPStatus.BAD_REQUEST
    code = "mixed_column"

    def __init__(self, column: str, *, number: str, word: str, field: str) -> None:
        super().__init__(
            f"The column {column!r} holds numbers, such as {number!r}, and text, such as {word!r}. To compare all as text,"
            f' send "read": {{"types": {{{dumps(column, ensure_ascii=False)}: "text"}}}}. {null_value_mend(word)}',
            field=field,
        )


class NotComparable(Fault):
    """The least or greatest of values that have no order is asked for."""

    status = HTTPStatus.BAD_REQUEST
    code = "not_comparable"

    def __init__(self, column: str, *, field: str) -> None:
        super().__init__(
            f"The column {column!r} holds lists, structs or maps, which have no least or greatest.", field=field
        )


class UntypedOnly(Fault):
    """A column that has a type of its own in the file shall be read as another."""

    status = HTTPStatus.BAD_REQUEST
    code = "column_has_type"

    def __init__(self, column: str, family: str) -> None:
        super().__init__(
            f"The column {column!r} has a type in the file, {family}; read.types is for columns of text or JSON.",
            field="read.types",
        )


class InexactTogether(Fault):
    """The least and greatest of columns of several types cannot be told in one column without changing one."""

    status = HTTPStatus.BAD_REQUEST
    code = "inexact_together"

    def __init__(self, column: str, value: str) -> None:
        super().__init__(
            f"The column {column!r} holds {value}, which is not exact as a double, as which the columns are told together;"
            " ask for this column by itself.",
            field="columns",
        )


class UnwritableValue(Fault):
    """A value of the result that the output's format cannot hold."""

    code = "unwritable_value"

    def __init__(self, column: str, value: str, format_: str) -> None:
        super().__init__(
            f"The column {column!r} holds {value}, which {format_.upper()} cannot hold; ask for another output_format.",
            field="output_format",
        )


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


class DoesNotFit(Finding):
    """A sum of whole numbers is beyond 64 bits."""


class NotPlain(Finding):
    """A CSV is not as simple as it was read; the next reader takes all."""


class NotSplittable(Finding):
    """The engine cannot read the file in pieces, and now knows to read it as a whole."""


def null_value_mend(value: str) -> str:
    """Return the sentence that says how to have a value taken for a missing one."""
    return f'If {value!r} stands for a missing value, send "read": {{"null_values": [{dumps(value, ensure_ascii=False)}]}}.'


def check_distinct(names: Sequence[str]) -> None:
    """Raise AmbiguousOutput where a result would have two columns of one name."""
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise AmbiguousOutput(f"The result would have two columns {name!r}; rename one in the file.")
        seen.add(name.casefold())
