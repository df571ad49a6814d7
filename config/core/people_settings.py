"""Settings of django-allauth, which logs people in through an identity provider and asks for a second factor.

It comes with the extra apron[sso]. Without it there are no settings, no tables and no pages of it.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

HAS_ALLAUTH = find_spec("allauth") is not None


def role_pairs(entries: Sequence[str]) -> list[tuple[str, str]]:
    """Return entries such as "airline-ops=operator" as pairs; the last = of an entry separates."""
    pairs = (entry.rpartition("=") for entry in entries)
    return [(theirs.strip(), ours.strip()) for theirs, _, ours in pairs]


def allauth_apps() -> list[str]:
    """Return the apps to install."""
    return ["allauth", "allauth.account", "allauth.socialaccount", "allauth.mfa"] if HAS_ALLAUTH else []


def allauth_middleware() -> list[str]:
    """Return the middleware that allauth insists on; it costs each request 1.7 us."""
    return ["allauth.account.middleware.AccountMiddleware"] if HAS_ALLAUTH else []


def allauth_settings() -> dict[str, Any]:
    """Return what makes allauth do what we use it for, and nothing else."""
    return {
        "ACCOUNT_ADAPTER": "config.pages.sso.adapters.AccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_PRESERVE_USERNAME_CASING": True,
        "ACCOUNT_USERNAME_BLACKLIST": ["api-token"],  # config.access.callers: whose jobs are its
        "ACCOUNT_RATE_LIMITS": False,  # config/access throttles; theirs count in one process
        "ACCOUNT_REAUTHENTICATION_METHODS": {"password"},
        "SOCIALACCOUNT_ADAPTER": "config.pages.sso.adapters.SocialAccountAdapter",
        "SOCIALACCOUNT_LOGIN_ON_GET": True,  # our policy lets no form lead to another site; a link may
        "SOCIALACCOUNT_REQUESTS_TIMEOUT": 3,  # seconds: anybody may have a web thread ask the provider
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "MFA_ADAPTER": "config.pages.sso.adapters.SecondFactorAdapter",
        "MFA_FORMS": {"authenticate": "config.pages.sso.second_factor.CodeForm"},
        "MFA_TOTP_ISSUER": "Apron",
        "MFA_TOTP_TOLERANCE": 1,  # 30 s either way: telephones' clocks are wrong by some
    }
