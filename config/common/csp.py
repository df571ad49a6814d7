"""Content-Security-Policy: what a browser may load and run on our pages, on every response.

Nothing but our own files: no inline script or style, nothing from elsewhere, in nobody's frame. What cannot do with that is
named in LOOSER with the directives that differ.
"""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponseBase

STRICT = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}
LOOSER: dict[str, dict[str, str]] = {  # by the beginning of the path
    "/admin/": {"style-src": "'self' 'unsafe-inline'"},  # its theme sets styles on elements
}


def written(directives: Mapping[str, str]) -> str:
    """Return a policy as its header has it."""
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


_strict = written(STRICT)
_looser = {prefix: written(STRICT | changes) for prefix, changes in LOOSER.items()}


def policy_for(path: str) -> str:
    """Return the policy of what is at `path`."""
    return next((policy for prefix, policy in _looser.items() if path.startswith(prefix)), _strict)


class ContentSecurityPolicyMiddleware:
    """Sends the policy with every response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response["Content-Security-Policy"] = policy_for(request.path)
        return response
