"""How an outside service is reached: client certificate, own authority, proxy."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from requests.utils import get_auth_from_url

from config.http.auth import Basic


@dataclass(frozen=True)
class ConnectionOptions:
    """How a service is reached, beyond its address. All of it may be empty.

    `cert` and `key` are PEM files of our certificate, `ca` is one of the authorities to trust in place of the public ones, and
    `proxy` an address with a name and a password where it asks for them. Without `proxy`, HTTPS_PROXY and its like count.
    """

    cert: str = ""
    key: str = ""  # may be in the file `cert`
    ca: str = ""
    proxy: str = field(default="", repr=False)

    @classmethod
    def of(cls, prefix: str) -> "ConnectionOptions":
        """Return what the settings PREFIX_CLIENT_CERT, _CLIENT_KEY, _CA and _PROXY say."""
        names = ("CLIENT_CERT", "CLIENT_KEY", "CA", "PROXY")
        return cls(*(getattr(settings, f"{prefix}_{name}") for name in names))

    def for_requests(self) -> dict[str, Any]:
        """Return the same as arguments of a requests call; given there, they win over the environment."""
        cert = (self.cert, self.key) if self.key else self.cert
        proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else {}
        return {"cert": cert or None, "verify": self.ca or None, "proxies": proxies}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must not be shown, in each form in which it goes out."""
        username, password = get_auth_from_url(self.proxy)
        return (self.proxy, *Basic(username, password).secrets) if password else ()
