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
    """A file's columns in the order of its table, the key first, each with the check that turns text into its value.

    `parse` applies all the checks to a row's texts at once, raising ValueError at the first bad one. It is written out for
    each format: a loop over the columns costs more than the checks, and this runs millions of times.
    """

    columns: tuple[tuple[str, Check], ...]
    parse: Callable[..., tuple[Value, ...]]

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
    shortest = 1 if required else 0

    def check(text: str) -> str:
        text = text.strip()
        if shortest <= len(text) <= longest and "\0" not in text:
            return text
        if not text:
            raise ValueError("must not be blank")
        if "\0" in text:
            raise ValueError("holds a NUL character")
        raise ValueError(f"has {len(text)} characters, at most {longest} are kept")

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


_id = _text(64, required=True)
_name = _text(200)
_postal_code = _text(20)
_email = _text(254)


def _parse_customer(
    customer_id: str, title: str, lastname: str, firstname: str, postal_code: str, city: str, email: str
) -> tuple[Value, ...]:
    return (
        _id(customer_id),
        _title(title),
        _name(lastname),
        _name(firstname),
        _postal_code(postal_code),
        _name(city),
        _email(email),
    )


def _parse_purchase(
    purchase_identifier: str, customer_id: str, product_id: str, quantity: str, price: str, currency: str, day: str
) -> tuple[Value, ...]:
    return (
        _id(purchase_identifier),
        _id(customer_id),
        _id(product_id),
        _quantity(quantity),
        _price(price),
        _currency(currency),
        _date(day),
    )


CUSTOMER_ROW = RowFormat(
    columns=(
        ("customer_id", _id),
        ("title", _title),
        ("lastname", _name),
        ("firstname", _name),
        ("postal_code", _postal_code),
        ("city", _name),
        ("email", _email),
    ),
    parse=_parse_customer,
)
PURCHASE_ROW = RowFormat(
    columns=(
        ("purchase_identifier", _id),
        ("customer_id", _id),
        ("product_id", _id),
        ("quantity", _quantity),
        ("price", _price),
        ("currency", _currency),
        ("date", _date),
    ),
    parse=_parse_purchase,
)
