"""Addresses of places that are set or given: what may not be in one."""

import re
from urllib.parse import urlsplit

# As Azure's addresses and connection strings have them, and S3's signed addresses.
_SECRET = re.compile(
    r"\b(sig|AccountKey|SharedAccessSignature|X-Amz-Signature|X-Amz-Security-Token)=[^&;\s'\"]+", re.IGNORECASE
)


def may_hold_password(place: str) -> bool:
    """Return whether a URL has a password, a signature, or something behind a colon that is no port; a path has none."""
    if "://" not in place:
        return False
    if _SECRET.search(place):
        return True
    try:
        parts = urlsplit(place)
        _ = parts.port  # is not looked at before
    except ValueError:
        return True
    return parts.password is not None


def without_secrets(text: str) -> str:
    """Return what a store's driver says, with an ellipsis for each key and signature."""
    return _SECRET.sub(r"\1=…", text)
