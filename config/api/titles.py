"""The titles of problems: what HTTP calls their statuses, in the reader's language."""

from http import HTTPStatus

from django.utils.translation import gettext, gettext_noop

TITLES = (  # Python has them; here they are found as texts to translate
    gettext_noop("Bad Request"),
    gettext_noop("Unauthorized"),
    gettext_noop("Forbidden"),
    gettext_noop("Not Found"),
    gettext_noop("Method Not Allowed"),
    gettext_noop("Not Acceptable"),
    gettext_noop("Request Timeout"),
    gettext_noop("Conflict"),
    gettext_noop("Length Required"),
    gettext_noop("Precondition Failed"),
    gettext_noop("Request Entity Too Large"),
    gettext_noop("Unsupported Media Type"),
    gettext_noop("Requested Range Not Satisfiable"),
    gettext_noop("Unprocessable Entity"),
    gettext_noop("Too Many Requests"),
    gettext_noop("Request Header Fields Too Large"),
    gettext_noop("Internal Server Error"),
    gettext_noop("Bad Gateway"),
    gettext_noop("Service Unavailable"),
    gettext_noop("Gateway Timeout"),
    gettext_noop("Insufficient Storage"),
)


def title_of(status: int) -> str:
    """Return the title of a problem with this status."""
    return gettext(HTTPStatus(status).phrase)
