"""Who may see a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def open_like_the_api(view: View) -> View:
    """Show the page to everyone, or, where REQUIRE_TOKEN closes the API, to those who have logged in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        shown = login_required(view) if settings.REQUIRE_TOKEN else view
        return shown(request, *args, **kwargs)

    return guarded
