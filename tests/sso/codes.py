"""What an authenticator app shows, and a login that asks for it. The fixtures `ana` and `with_app` make who has one."""

import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a-good-password"


def code_of(secret: str, steps: int = 0) -> str:
    """Return what an app shows, or showed so many half minutes ago."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def wrong_code() -> str:
    """Return a code that SECRET does not make at this time."""
    good = {code_of(SECRET, steps) for steps in range(-2, 3)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in good)


def enter_password(client: Client, then: str = "", password: str = PASSWORD) -> Any:
    """Enter the name of ana and a password."""
    return client.post("/login", {"username": "ana", "password": password, "next": then})


def enter(client: Client, code: str) -> Any:
    """Enter a code."""
    return client.post("/login/code", {"code": code})
