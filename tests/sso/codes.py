"""What an authenticator app shows."""

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value


def code_of(secret: str, steps: int = 0) -> str:
    """Return what an app shows, or showed so many half minutes ago."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))
