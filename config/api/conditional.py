"""Conditional requests (RFC 9110): 304 for a client that has the newest state, 412 for a change based on an old one.

An ETag is that of all that is shown, or `"<state>.<all>"` where a part of it changes by itself, such as the time of the last
refresh: If-Match goes by the state alone, so that nobody's change is refused for it.
"""

import hashlib
from http import HTTPStatus

from django.http import HttpRequest
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework.request import Request

from config.api.problems import Problem


class PreconditionFailed(Problem):
    """The resource is not in the state that If-Match requires."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "changed"


def etag_of(shown: bytes, state: bytes | None = None) -> str:
    """Return the ETag of what is shown of a resource, and of the state that others may change."""
    parts = [hashlib.sha256(text).hexdigest()[:32] for text in (state, shown) if text is not None]
    return f'"{".".join(parts)}"'


def is_not_modified(request: Request | HttpRequest, etag: str) -> bool:
    """Return whether the client has this already, as If-None-Match says."""
    tags = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in tags or etag in (tag.removeprefix("W/") for tag in tags)


def require_if_match(request: Request | HttpRequest, etag: str | None) -> None:
    """Raise PreconditionFailed where a change is asked of another state than this one; None: there is no such resource."""
    wanted = request.headers.get("If-Match")
    if wanted is not None and not (etag and _matches(etag, parse_etags(wanted))):
        raise _changed(etag)
    if etag and is_not_modified(request, etag):  # If-None-Match: * - create it, but do not replace it
        raise _changed(etag)


def _matches(etag: str, tags: list[str]) -> bool:
    return tags == ["*"] or etag.partition(".")[0].strip('"') in (tag.partition(".")[0].strip('"') for tag in tags)


def _changed(etag: str | None) -> PreconditionFailed:
    return PreconditionFailed(
        _("If-Match or If-None-Match does not match the current version. Get the resource again, then retry."),
        headers={"ETag": etag} if etag else None,
    )
