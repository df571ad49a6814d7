"""The one way to show a time: `{{ at|moment }}`. static/apron/moments.js puts it by the reader's clock, UTC in the tooltip."""

from datetime import UTC, date, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

FORMATS = {  # the parts that are shown, and how where there is no JavaScript
    "minutes": "SHORT_DATETIME_FORMAT",
    "seconds": "DATETIME_FORMAT",
    "date": "SHORT_DATE_FORMAT",
    "time": "TIME_FORMAT",
}


@register.filter
def moment(at: datetime | None, parts: str = "minutes") -> SafeString | str:
    """Return a `<time>` that the reader sees by their own clock: to "minutes", "seconds", or only the "date" or "time"."""
    if at is None:
        return ""
    at = at.astimezone(UTC)
    text = date_format(at, FORMATS[parts])
    return format_html('<time datetime="{}Z" data-moment="{}">{} UTC</time>', f"{at:%Y-%m-%dT%H:%M:%S}", parts, text)


@register.filter
def day(on: date | None) -> SafeString | str:
    """Return a `<time>` of a day that is the same everywhere, such as that of a purchase."""
    if on is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), date_format(on, "SHORT_DATE_FORMAT"))
