"""Passwords are checked as often as throttling lets them be, in every login.

Who has logged in from a browser keeps a signed cookie there (OWASP's device cookie). Attempts from that browser are held to a
count of their own, so that strangers who go on guessing hold up strangers, and not the owner.

A check costs a quarter of a second of a processor. A process makes one at a time for strangers, and lets a few wait for it:
the other threads stay free for other requests.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from config.access.addresses import client_address
from config.access.throttling import (
    Kind,
    Subject,
    TooManyRequests,
    account_of,
    key_of,
    network_of,
    refuse_blocked,
    reserve,
)

DEVICE_COOKIE = "apron_device"
DEVICE_COOKIE_SECONDS = 180 * 24 * 3600
MOST_AT_ONCE = 4  # of the 16 threads of a process: one checks a stranger's password, the others wait for their turn
_SALT = "config.access.logins"
_places = threading.BoundedSemaphore(MOST_AT_ONCE)
_turn = threading.Lock()


class ThrottledBackend(ModelBackend):
    """Django's check of a password, if the account, the browser or the address need not wait (else TooManyRequests)."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:  # type: ignore[override]
        username = credentials.get("username")
        if username is None or credentials.get("password") is None:
            return None
        subjects = _subjects(request, username)
        refuse_blocked(*subjects)
        with nullcontext() if subjects[0].kind == Kind.DEVICE else _own_turn():
            reservation = reserve(*subjects)
            try:
                user = super().authenticate(request, **credentials)
            except BaseException:
                reservation.give_back()
                raise
        if user is None:
            reservation.fail()
            return None
        reservation.succeed()
        return user

    # It calls the one above; ModelBackend's own would look at once.
    aauthenticate = BaseBackend.aauthenticate  # type: ignore[assignment]


@contextmanager
def _own_turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise TooManyRequests(_("Too many people are logging in at the moment."), 1)
    try:
        with _turn:
            yield
    finally:
        _places.release()


def _subjects(request: HttpRequest | None, username: str) -> list[Subject]:
    if request is None:
        return [Subject(Kind.ACCOUNT, account_of(username))]
    if device := _device(request, username):
        return [Subject(Kind.DEVICE, device, account_of(username))]
    address = network_of(client_address(request))
    by_address = [Subject(Kind.LOGIN_ADDRESS, address)] if address else []
    return [*by_address, Subject(Kind.ACCOUNT, account_of(username))]


def _device(request: HttpRequest, username: str) -> str:
    """Return the name of the browser if this account was used in it before, else ""."""
    try:
        account, device = signing.loads(
            request.COOKIES.get(DEVICE_COOKIE, ""), salt=_SALT, max_age=DEVICE_COOKIE_SECONDS
        )
    except (signing.BadSignature, TypeError, ValueError):
        return ""
    return str(device) if constant_time_compare(account, _account_key(username)) else ""


def _account_key(username: str) -> str:
    return key_of(Kind.DEVICE, account_of(username))


@receiver(user_logged_in)
def _remember_device(request: HttpRequest, user: User, **_: Any) -> None:
    if user.has_usable_password():
        request.device_of = user.get_username()  # type: ignore[attr-defined] # for DeviceCookieMiddleware


class DeviceCookieMiddleware:
    """Give the browser its cookie when somebody is logged in: with a second factor, the password alone is not enough."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        username = getattr(request, "device_of", None)
        if username is not None:
            response.set_cookie(
                DEVICE_COOKIE,
                signing.dumps([_account_key(username), secrets.token_urlsafe(16)], salt=_SALT),
                max_age=DEVICE_COOKIE_SECONDS,
                secure=bool(settings.SESSION_COOKIE_SECURE),
                httponly=True,
                samesite="Lax",
            )
        return response
