"""Who calls the API."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """The caller of a request: `sub` is the token's subject, recorded with what was requested."""

    sub: str
    is_authenticated: bool = True
