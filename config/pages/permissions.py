"""Permissions of pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

View = Callable[..., HttpResponseBase]


def public_page(view: View) -> View:
    """Show the page to everyone, or, where REQUIRE_TOKEN closes the API, to those who have logged in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        shown = login_required(view) if settings.REQUIRE_TOKEN else view
        return shown(request, *args, **kwargs)

    return guarded


def permission_required_page(permission: str) -> Callable[[View], View]:
    """Show the page, which no cache may keep, to those who have logged in and have the permission; 403 to others."""

    def decorated(view: View) -> View:
        return never_cache(login_required(permission_required(permission, raise_exception=True)(view)))

    return decorated
