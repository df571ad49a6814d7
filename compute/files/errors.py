"""Errors in a file or a request that are found while computing. Free of Django: worker processes raise them.

An error travels from the child to the job's row as `{status, code, detail, field}` and is answered to whoever waits.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from json import dumps
from typing import Any, Self

from compute.files.notation import notations_of
from compute.files.twins import own_name

MAX_DETAIL = 2_500  # characters of an error's text, whatever the file holds
MAX_QUOTED = 80  # of a name or value that it quotes
MAX_LISTED = 1_000  # of a list of names


def shortened(text: str, limit: int = MAX_QUOTED) -> str:
    """Return the text in at most `limit` characters, all of which can be stored and shown."""
    text = own_name(text)
    shown = (each if each.isprintable() else repr(each)[1:-1] for each in text[: limit + 1])
    return _cut("".join(shown), limit)


def quoted(text: str) -> str:
    """Return a name or value of the file in quotes, shortened."""
    return _cut(repr(own_name(text)[: MAX_QUOTED + 1]), MAX_QUOTED)


def listed(names: Sequence[str]) -> str:
    """Return the names in a row, as many as fit into MAX_LISTED characters."""
    shown, size = list[str](), 0
    for name in names:
        shown.append(shortened(name))
        size += len(shown[-1]) + len(", ")
        if size > MAX_LISTED:
            return ", ".join([*shown[:-1], "…"])
    return ", ".join(shown)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


class ComputeError(Exception):
    """Base of the errors that fail a job for good: running it again would not help."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "failed"

    def __init__(self, detail: str, *, field: str = "", read: Mapping[str, Any] | None = None) -> None:
        """`read`: members of the request's `read` that may mend it."""
        self.detail = shortened(detail, MAX_DETAIL)
        super().__init__(self.detail)
        self.field = field
        self.read = dict(read or {})


class BrokenFile(ComputeError):
    """The file is not valid in its format."""

    code = "broken_file"


class UnknownColumn(ComputeError):
    """The file has no such column."""

    status = HTTPStatus.BAD_REQUEST
    code = "unknown_column"

    def __init__(self, column: str, columns: Sequence[str], *, field: str) -> None:
        super().__init__(f"There is no column {quoted(column)}. The file has: {listed(columns)}.", field=field)


class NotSortable(UnknownColumn):
    """The result has no such column, or none that has an order."""

    def __init__(self, column: str, columns: Sequence[str], *, field: str) -> None:
        detail = f"The result cannot be sorted by {quoted(column)}, but by: {listed(columns)}."
        ComputeError.__init__(self, detail, field=field)


class NotNumeric(ComputeError):
    """A column that must be numeric holds another value."""

    status = HTTPStatus.BAD_REQUEST
    code = "not_numeric"

    def __init__(self, column: str, why: str, *, field: str, read: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"The column {quoted(column)} is not numeric: {why}", field=field, read=read)


class MixedColumn(ComputeError):
    """A column whose minimum or maximum is asked for holds numbers and text, which have no common order."""

    status = HTTPStatus.BAD_REQUEST
    code = "mixed_column"

    def __init__(self, column: str, *, number: str, word: str, field: str) -> None:
        super().__init__(
            f"The column {quoted(column)} holds numbers, such as {quoted(number)}, and text, such as {quoted(word)}."
            f' To compare all as text, send "read": {{"types": {{{_as_json(column)}: "text"}}}}. {null_value_mend(word)}',
            field=field,
            read={"null_values": [word]},
        )


class NotComparable(ComputeError):
    """A minimum or maximum is asked for of values that have no order."""

    status = HTTPStatus.BAD_REQUEST
    code = "not_comparable"

    def __init__(self, column: str, *, field: str) -> None:
        super().__init__(
            f"The column {quoted(column)} holds lists, structs or maps, which have no least or greatest.", field=field
        )


class UnusableOption(ComputeError):
    """An option of `read` that cannot be, or that does not fit the file."""

    status = HTTPStatus.BAD_REQUEST
    code = "unusable_option"

    def __init__(self, detail: str, field: str) -> None:
        super().__init__(detail, field=field)


class UntypedOnly(ComputeError):
    """`read.types` names a column that has a type in the file."""

    status = HTTPStatus.BAD_REQUEST
    code = "column_has_type"

    def __init__(self, column: str, family: str) -> None:
        super().__init__(
            f"The column {quoted(column)} has a type in the file, {family}; read.types is for columns of text or JSON.",
            field="read.types",
        )


class InexactTogether(ComputeError):
    """Columns of several types share one result column, which cannot hold all their values exactly."""

    status = HTTPStatus.BAD_REQUEST
    code = "inexact_together"

    def __init__(self, column: str, value: str) -> None:
        super().__init__(
            f"The column {quoted(column)} holds {shortened(value)}, which a double cannot hold exactly. Columns of"
            " several types are returned together as doubles: ask for this column alone.",
            field="columns",
        )


class UnwritableValue(ComputeError):
    """The output format cannot represent a value of the result."""

    code = "unwritable_value"

    def __init__(self, column: str, value: str, format_: str) -> None:
        self._column, self._value = column, value
        super().__init__(
            f"The column {quoted(column)} holds {shortened(value)}, which {format_.upper()} cannot hold;"
            " ask for another output_format.",
            field="output_format",
        )

    def in_format(self, format_: str) -> Self:
        """Return the same of another format, which was to be made of this one."""
        return type(self)(self._column, self._value, format_)


class IncomparableValue(ComputeError):
    """A condition compares a column with what it cannot be compared with."""

    status = HTTPStatus.BAD_REQUEST
    code = "incomparable_value"

    def __init__(self, column: str, why: str, field: str) -> None:
        super().__init__(f"The column {quoted(column)} cannot be compared this way: {why}.", field=field)


class AmbiguousOutput(ComputeError):
    """Two columns of the result would have the same name."""

    status = HTTPStatus.BAD_REQUEST
    code = "ambiguous_output"


class FileChanged(ComputeError):
    """The file was changed while it was being read."""

    status = HTTPStatus.CONFLICT
    code = "file_changed"


class StoreUnavailable(ComputeError):
    """The object store of a file does not answer or refuses access."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "storage_unavailable"

    def __init__(self) -> None:
        super().__init__("The store of the files does not answer; try again later.")


class EngineUnavailable(ComputeError):
    """The Spark cluster or server does not answer."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "engine_unavailable"

    def __init__(self) -> None:
        super().__init__("Spark does not answer; try again later.")


class LimitReached(ComputeError):
    """The job needs more memory, time or disk than it may use."""

    code = "limit_reached"


class DiskFull(ComputeError):
    """The disk that the job writes to is full: it may be run again when there is room."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    code = "disk_full"

    def __init__(self) -> None:
        super().__init__(
            "No space is left on the disk that jobs write to (COMPUTE_ROOT, or the scratch folder if"
            " that is an object store). Free some space, then try again."
        )


class EngineSignal(Exception):
    """Base of what an engine learns while reading: the file must be read again in another way."""


class OutOfRange(EngineSignal):
    """A sum of integers does not fit into 64 bits."""


class UnsupportedByFastPath(EngineSignal):
    """The fast path cannot read this CSV; the general reader must."""


class NotSplittable(EngineSignal):
    """The engine cannot read the file in parallel; it must be read sequentially."""


def _as_json(text: str) -> str:
    return dumps(_cut(text, MAX_QUOTED), ensure_ascii=False)


def notation_mend(value: str) -> str:
    """Return the sentence that says how to have a number in another notation read; blank where a value is none."""
    found = notations_of(value)
    asked = " or ".join(f'"read": {dumps(each.as_read(), ensure_ascii=False)}' for each in found[:2])
    return f"If {quoted(value)} is a number, send {asked}. " if found else ""


def null_value_mend(value: str) -> str:
    """Return the sentence that says how to have a value taken for a missing one."""
    return f'If {quoted(value)} stands for a missing value, send "read": {{"null_values": [{_as_json(value)}]}}.'


def check_distinct(names: Sequence[str]) -> None:
    """Raise AmbiguousOutput where a result would have two columns of one name."""
    seen: set[str] = set()
    for name in names:
        spelled = {
            name.casefold(),
            own_name(name),
        }  # names with a mark are one for people where they are two for engines
        if spelled & seen:
            raise AmbiguousOutput(f"The result would have two columns {quoted(name)}; rename one in the file.")
        seen |= spelled
