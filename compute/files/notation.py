"""How numbers are written in a text: the decimal mark, and what groups the digits before it. Free of engines."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Notation:
    """`decimal` is a point or a comma; `thousands` what stands between groups of digits, blank for nothing."""

    decimal: str = "."
    thousands: str = ""

    @property
    def is_plain(self) -> bool:
        """Return whether numbers are written as programs write them."""
        return (self.decimal, self.thousands) == (".", "")

    @property
    def pattern(self) -> str:
        """Return the regular expression of a whole text that is a number: the groups complete, or none at all."""
        point, comma = re.escape(self.decimal), re.escape(self.thousands)
        groups = rf"[0-9]{{1,3}}({comma}[0-9]{{2,3}})*{comma}[0-9]{{3}}|[0-9]+" if comma else "[0-9]+"
        return rf"^\s*[+-]?(({groups})({point}[0-9]*)?|{point}[0-9]+)([eE][+-]?[0-9]+)?\s*$"

    def as_read(self) -> dict[str, str]:
        """Return it as the members of `read` that say it."""
        return {"decimal": self.decimal} | ({"thousands": self.thousands} if self.thousands else {})

    def plain(self, text: str) -> str | None:
        """Return a number's text as programs write it; None where the text is no number."""
        if not _compiled(self).match(text):
            return None
        return (text.replace(self.thousands, "") if self.thousands else text).replace(self.decimal, ".")


PLAIN = Notation()
NOTATIONS = (  # in which people write numbers; 1,234 is rather a thousand than a decimal
    Notation(".", ","), Notation(","), *(Notation(",", mark) for mark in (".", " ", "\u00a0", "\u202f")),
    *(Notation(".", mark) for mark in (" ", "\u00a0", "\u202f", "'")),
)  # fmt: skip


def notations_of(value: str) -> list[Notation]:
    """Return the notations in which a text that is no number as programs write it is one."""
    return [each for each in NOTATIONS if each.plain(value) is not None]


@cache
def _compiled(notation: Notation) -> re.Pattern[str]:
    return re.compile(notation.pattern, re.ASCII)


def number_of(value: Any, notation: Notation = PLAIN) -> float | None:
    """Return a finite number in decimal notation, a text or a number already; None where it is none."""
    if isinstance(value, str) and not notation.is_plain:
        value = notation.plain(value)
    try:
        number = float(value)
    except (ValueError, OverflowError, TypeError):
        return None
    is_other_notation = isinstance(value, str) and ("_" in value or not value.isascii())
    return None if is_other_notation or not math.isfinite(number) else number


def exact_number_of(value: Any, notation: Notation = PLAIN) -> Decimal | None:
    """Return the same with all its digits."""
    if number_of(value, notation) is None:
        return None
    if isinstance(value, str):
        value = (value if notation.is_plain else notation.plain(value) or "").strip()
    return Decimal(value)
