"""The switch of languages, and the texts of our scripts in the page's language."""

from functools import cache
from hashlib import sha256

from django import template
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, override
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import JavaScriptCatalog, set_language

A_YEAR = 365 * 24 * 3600

register = template.Library()


@csrf_exempt  # it changes nothing but the reader's own language, and public pages need no cookie for it this way
def switch(request: HttpRequest) -> HttpResponseBase:
    """Keep the chosen language in a cookie, and lead back."""
    return set_language(request)


@cache_control(public=True, max_age=A_YEAR, immutable=True)
def texts(request: HttpRequest, language: str, digest: str) -> HttpResponseBase:
    """Return gettext() and the texts of static/apron/*.js. The address has their digest: a browser keeps it for good."""
    return HttpResponse(_catalogue(language), content_type="text/javascript; charset=utf-8")


@cache
def _catalogue(language: str) -> bytes:
    with override(language):
        return JavaScriptCatalog(packages=["config"]).get(HttpRequest()).content


@cache
def _digest(language: str) -> str:
    return sha256(_catalogue(language)).hexdigest()[:12]


@register.simple_tag
def texts_url() -> str:
    """Return the address of the scripts' texts in the page's language."""
    language = get_language() or settings.LANGUAGE_CODE
    return reverse("texts", args=(language, _digest(language)))


def texts_script(request: HttpRequest) -> str:
    """Return the same for the admin's SCRIPTS."""
    return texts_url()
