"""Parse and validate the cells of a row. Pure functions; imports no models."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypedDict

from inflight.imports.currencies import ISO_4217

Value = str | int | None
Check = Callable[[str], Value]
WHOLE = r"\.0{1,2}$"  # of a whole number that a spreadsheet or pandas has written with a point; 1.000 may be a thousand
MAY_BE_THOUSANDS = re.compile(r"\s*[1-9][0-9]{0,2},[0-9]{3}\s*")


class Reason(TypedDict):
    """Why a row was rejected."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class RowFormat:
    """Columns in the order of the table, the key first, each with the function that converts its text."""

    columns: tuple[tuple[str, Check], ...]

    def in_text_delimited_by(self, delimiter: str) -> "RowFormat":
        """Return the format of rows whose numbers may have a decimal comma, since no comma is between cells."""
        if delimiter == ",":
            return self
        return RowFormat(tuple((name, _WITH_COMMA.get(check, check)) for name, check in self.columns))

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
            raise ValueError("must not be blank")
        if "\0" in text:
            raise ValueError("holds a NUL character")
        raise ValueError(f"has {len(text)} characters, at most {self.longest} are kept")

    def all_good(self, texts: Sequence[str]) -> list[Value]:
        """Return the values of many texts at once when all are good, else nothing."""
        stripped = [*map(str.strip, texts)]
        lengths = set(map(len, stripped))
        good = self.shortest <= min(lengths) and max(lengths) <= self.longest and "\0" not in "".join(stripped)
        return [*stripped] if good else []


def _title(text: str) -> str:
    text = re.sub(WHOLE, "", text.strip())
    if text not in {"", "1", "2"}:
        raise ValueError(f"{text[:20]!r} is not a title: 1 is Mme, 2 is M, or leave it blank")
    return text


@lru_cache(4096)
def _quantity(text: str) -> int:
    text = re.sub(WHOLE, "", text.strip())
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= 2_147_483_647:
        raise ValueError(f"{text[:20]!r} is not a positive whole number")
    return int(text)


@lru_cache(65536)
def _price(text: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,4})?", text):
        raise ValueError(
            f"{text[:20]!r} is not a price: digits and a point, at most 11 before and 4 after it, not negative"
        )
    return text


@lru_cache(65536)
def _price_with_comma(text: str) -> str:
    if MAY_BE_THOUSANDS.fullmatch(text):
        raise ValueError(f"{text.strip()!r} is thousands to some and a fraction to others: write a point, or no comma")
    return _price(text.replace(",", ".") if text.count(",") == 1 else text)


@lru_cache(4096)
def _quantity_with_comma(text: str) -> int:
    return _quantity(text.replace(",", ".") if text.count(",") == 1 else text)


@lru_cache(1024)
def _currency(text: str) -> str:
    code = text.strip().upper()
    if code not in ISO_4217:
        raise ValueError(f"{text.strip()[:20]!r} is not an ISO 4217 currency, such as EUR")
    return code


@lru_cache(16384)
def _date(text: str) -> str:
    """The date as it stands there, whatever time and offset follow."""
    text = text.strip()
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:.*)?", text):
            return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        pass
    raise ValueError(f"{text[:20]!r} is not a date YYYY-MM-DD, with or without a time")


_id = Text(64, shortest=1)
_name = Text(200)

CUSTOMER_ROW = RowFormat(
    (
        ("customer_id", _id),
        ("title", _title),
        ("lastname", _name),
        ("firstname", _name),
        ("postal_code", Text(20)),
        ("city", _name),
        ("email", Text(254)),
    )
)
PURCHASE_ROW = RowFormat(
    (
        ("purchase_identifier", _id),
        ("customer_id", _id),
        ("product_id", _id),
        ("quantity", _quantity),
        ("price", _price),
        ("currency", _currency),
        ("date", _date),
    )
)
_WITH_COMMA: dict[Check, Check] = {_price: _price_with_comma, _quantity: _quantity_with_comma}
