"""Addresses of places that are set or given: what may not be in one."""

from urllib.parse import urlsplit


def may_hold_password(place: str) -> bool:
    """Return whether a URL has a password, or something behind a colon that is no port; a path has neither."""
    if "://" not in place:
        return False
    try:
        parts = urlsplit(place)
        _ = parts.port  # is not looked at before
    except ValueError:
        return True
    return parts.password is not None
