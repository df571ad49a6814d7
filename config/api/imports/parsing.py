"""Parse and validate the cells of a row. Pure functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from django.utils.translation import gettext as _

Value = str | int | None
Check = Callable[[str], Value]
WHOLE = r"\.0{1,2}$"  # of a whole number that a spreadsheet or pandas has written with a point; 1.000 may be a thousand


class Reason(TypedDict):
    """Why a row was rejected."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class RowFormat:
    """Columns in the order of the table, the key first, each with the function that converts its text.

    `with_comma` has, for functions that convert numbers, those that also take a decimal comma.
    """

    columns: tuple[tuple[str, Check], ...]
    with_comma: Mapping[Check, Check] = field(default_factory=dict)

    def in_text_delimited_by(self, delimiter: str) -> "RowFormat":
        """Return the format of rows whose numbers may have a decimal comma, since no comma is between cells."""
        if delimiter == ",":
            return self
        return RowFormat(tuple((name, self.with_comma.get(check, check)) for name, check in self.columns))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)

    def values(self, columns: Iterable[Sequence[str]]) -> list[list[Value]]:
        """Turn the texts of many rows, by column, into their values, None where a text is bad.

        An import has millions of rows: going by column costs half of what going by row does.
        """
        return [_values(check, texts) for (_, check), texts in zip(self.columns, columns, strict=True)]


def _values(check: Check, texts: Sequence[str]) -> list[Value]:
    if isinstance(check, Text) and (stripped := check.all_good(texts)):
        return stripped
    try:
        return [*map(check, texts)]
    except ValueError:
        return [_value(check, text) for text in texts]


def _value(check: Check, text: str) -> Value:
    try:
        return check(text)
    except ValueError:
        return None


def reasons_of(row_format: RowFormat, fields: Sequence[str]) -> list[Reason]:
    """Return everything that is wrong with a row, its fields in the format's order."""
    reasons: list[Reason] = []
    for (name, check), text in zip(row_format.columns, fields, strict=True):
        try:
            check(text)
        except ValueError as error:
            reasons.append(
                {"field": name, "code": "required" if not text.strip() else "invalid", "message": str(error)}
            )
    return reasons


@dataclass(frozen=True)
class Text:
    """Convert a text: strip white space, keep the rest."""

    longest: int
    shortest: int = 0

    def __call__(self, text: str) -> str:
        text = text.strip()
        if self.shortest <= len(text) <= self.longest and "\0" not in text:
            return text
        if not text:
            raise ValueError(_("must not be blank"))
        if "\0" in text:
            raise ValueError(_("holds a NUL character"))
        raise ValueError(
            _("has %(number)s characters, at most %(longest)s are kept")
            % {"number": len(text), "longest": self.longest}
        )

    def all_good(self, texts: Sequence[str]) -> list[Value]:
        """Return the values of many texts at once when all are good, else nothing."""
        stripped = [*map(str.strip, texts)]
        lengths = set(map(len, stripped))
        good = self.shortest <= min(lengths) and max(lengths) <= self.longest and "\0" not in "".join(stripped)
        return [*stripped] if good else []
