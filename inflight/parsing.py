"""The rules for a row of each file: what it must say, and how it is told otherwise. Pure; imports no models."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TypedDict

from inflight.currencies import ISO_4217

Value = str | int | None
Check = Callable[[str], Value]


class Reason(TypedDict):
    """Why a row was rejected."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class RowFormat:
    """A file's columns in the order of its table, the key first, each with the check that turns text into its value."""

    columns: tuple[tuple[str, Check], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)


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


def lenient_value(check: Check, text: str) -> Value:
    """Return the value of a field, None where it is bad."""
    try:
        return check(text)
    except ValueError:
        return None


def _text(longest: int, *, required: bool = False) -> Check:
    def check(text: str) -> str:
        text = text.strip()
        if required and not text:
            raise ValueError("must not be blank")
        if len(text) > longest:
            raise ValueError(f"has {len(text)} characters, at most {longest} are kept")
        if "\0" in text:
            raise ValueError("holds a NUL character")
        return text

    return check


def _title(text: str) -> str:
    text = text.strip()
    if text not in {"", "1", "2"}:
        raise ValueError(f"{text[:20]!r} is not a title: 1 is Mme, 2 is M, or leave it blank")
    return text


@lru_cache(4096)
def _quantity(text: str) -> int:
    text = text.strip()
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


@lru_cache(1024)
def _currency(text: str) -> str:
    code = text.strip().upper()
    if code not in ISO_4217:
        raise ValueError(f"{text.strip()[:20]!r} is not an ISO 4217 currency, such as EUR")
    return code


@lru_cache(16384)
def _date(text: str) -> str:
    text = text.strip()
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ValueError(f"{text[:20]!r} is not a date YYYY-MM-DD")


CUSTOMER_ROW = RowFormat(
    (
        ("customer_id", _text(64, required=True)),
        ("title", _title),
        ("lastname", _text(200)),
        ("firstname", _text(200)),
        ("postal_code", _text(20)),
        ("city", _text(200)),
        ("email", _text(254)),
    )
)
PURCHASE_ROW = RowFormat(
    (
        ("purchase_identifier", _text(64, required=True)),
        ("customer_id", _text(64, required=True)),
        ("product_id", _text(64, required=True)),
        ("quantity", _quantity),
        ("price", _price),
        ("currency", _currency),
        ("date", _date),
    )
)
