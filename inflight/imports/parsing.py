"""The rules for the cells of customers and purchases. Pure functions; imports no models."""

import re
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext as _

from config.api.imports.parsing import WHOLE, Check, RowFormat, Text
from inflight.imports.currencies import ISO_4217

MAY_BE_THOUSANDS = re.compile(r"\s*[1-9][0-9]{0,2},[0-9]{3}\s*")


def _title(text: str) -> str:
    text = re.sub(WHOLE, "", text.strip())
    if text not in {"", "1", "2"}:
        raise ValueError(_("%(text)s is not a title: 1 is Mme, 2 is M, or leave it blank") % {"text": f"{text[:20]!r}"})
    return text


@lru_cache(4096)
def _quantity(text: str) -> int:
    text = re.sub(WHOLE, "", text.strip())
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= 2_147_483_647:
        raise ValueError(_("%(text)s is not a positive whole number") % {"text": f"{text[:20]!r}"})
    return int(text)


@lru_cache(65536)
def _price(text: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,4})?", text):
        raise ValueError(
            _("%(text)s is not a price: digits and a point, at most 11 before and 4 after it, not negative")
            % {"text": f"{text[:20]!r}"}
        )
    return text


@lru_cache(65536)
def _price_with_comma(text: str) -> str:
    if MAY_BE_THOUSANDS.fullmatch(text):
        raise ValueError(
            _(
                "%(strip)s is ambiguous, its comma may stand for thousands or decimals: write a decimal point, or no comma"
            )
            % {"strip": f"{text.strip()!r}"}
        )
    return _price(text.replace(",", ".") if text.count(",") == 1 else text)


@lru_cache(4096)
def _quantity_with_comma(text: str) -> int:
    return _quantity(text.replace(",", ".") if text.count(",") == 1 else text)


@lru_cache(1024)
def _currency(text: str) -> str:
    code = text.strip().upper()
    if code not in ISO_4217:
        raise ValueError(_("%(strip)s is not an ISO 4217 currency, such as EUR") % {"strip": f"{text.strip()[:20]!r}"})
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
    raise ValueError(_("%(text)s is not a date YYYY-MM-DD, with or without a time") % {"text": f"{text[:20]!r}"})


_WITH_COMMA: dict[Check, Check] = {_price: _price_with_comma, _quantity: _quantity_with_comma}
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
    ),
    _WITH_COMMA,
)
