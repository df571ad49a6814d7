"""Who calls the API, and what they may do."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.access.scopes import Scope

API_TOKEN_SUB = "api-token"  # noqa: S105 - the name of who has it
CLIENT_SUB = "client:"  # and the client's name


@dataclass(frozen=True)
class Caller:
    """The caller of a request: `sub` is the token's subject, recorded with what was requested."""

    sub: str
    scopes: frozenset[str] = frozenset()
    is_authenticated: bool = True

    def has(self, scope: Scope) -> bool:
        """Return whether the caller may do what needs this scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


def known_scopes(names: Iterable[object]) -> frozenset[str]:
    """Return those of the names that are scopes of ours; a token may carry other services' too."""
    return frozenset(Scope.values).intersection(name for name in names if isinstance(name, str))
