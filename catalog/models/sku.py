"""The number that is printed under a product's bar code: EAN-8, EAN-13 or UPC. Pure functions.

All three end in the same check digit (GS1 General Specifications, 7.9). A number is a text: a zero in front belongs to it.
"""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST = 13
_LENGTHS = {8: "EAN-8", 12: "UPC", 13: "EAN-13"}
DIGITS = "[0-9]{8}|[0-9]{12,13}"


def check_sku(text: str) -> str:
    """Return the number; raise ValueError where it is none, or where its check digit says that one is wrong."""
    if not re.fullmatch(DIGITS, text):
        raise ValueError(
            _(
                "%(text)s is not an EAN-8, EAN-13 or UPC: 8, 12 or 13 digits (a spreadsheet may have dropped "
                "zeros in front)"
            )
            % {"text": f"{text[:20]!r}"}
        )
    if text[-1] != (due := check_digit(text[:-1])):
        raise ValueError(
            _("%(text)s is not a valid %(lengths)s: its check digit would be %(due)s")
            % {"text": f"{text!r}", "lengths": _LENGTHS[len(text)], "due": due}
        )
    return text


def is_sku(text: str) -> bool:
    """Return whether the text is such a number."""
    return bool(re.fullmatch(DIGITS, text)) and text[-1] == check_digit(text[:-1])


def validate_sku(text: str) -> None:
    """Raise ValidationError where `check_sku` raises: a validator for fields."""
    try:
        check_sku(text)
    except ValueError as error:
        raise ValidationError(_("%(error)s.") % {"error": error}) from error


def check_digit(digits: str) -> str:
    """Return the digit that follows: it makes tens of the sum of the others, weighted by 3, 1, 3, … from the right."""
    weighted = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)
