"""System checks of the settings of alerts. A webhook's address is a secret: no error repeats it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LEAST_SILENCE = 10.0  # seconds; a worker beats every five


def alert_errors() -> Iterator[tuple[str, str, str]]:
    """Yield a code, what is wrong and how to mend it."""
    schemes = {"https", "http"} if settings.ALERT_ALLOW_PRIVATE else {"https"}
    if settings.ALERT_WEBHOOK and not _is_address(settings.ALERT_WEBHOOK, schemes):
        mend = "Give an https address, or with ALERT_ALLOW_PRIVATE=true an http address of your own network."
        yield "E080", "ALERT_WEBHOOK is no https address.", mend
    for address in settings.ALERT_EMAILS:
        try:
            validate_email(address)
        except ValidationError:
            yield "E081", f"ALERT_EMAILS has {address!r}, which is no email address.", "Give addresses by commas."
    if settings.ALERT_SILENT_SECONDS < LEAST_SILENCE:
        yield "E082", "ALERT_SILENT_SECONDS is below 10.", "A worker beats every 5 seconds: give it a few, such as 120."
    if settings.ALERT_BACKLOG_SECONDS <= 0:
        yield "E083", "ALERT_BACKLOG_SECONDS is not above 0.", "Give a positive number, or leave it unset."
    if settings.MAIL_LANGUAGE not in dict(settings.LANGUAGES):
        yield "E245", f"MAIL_LANGUAGE is {settings.MAIL_LANGUAGE!r}.", "Set it to one of: en, fr."
    if settings.PUBLIC_URL and not _is_address(settings.PUBLIC_URL, {"http", "https"}):
        mend = "Give the address that people open, such as https://apron.example.com."
        yield "E084", f"PUBLIC_URL is {settings.PUBLIC_URL!r}.", mend


def _is_address(text: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname)
