"""Who is acting, for the audit: known to whoever answers a request or runs a command, and to nobody in a worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

USER, CLIENT, COMMAND, VISITOR = "user", "client", "command", "visitor"


class Actor(NamedTuple):
    """Who acts, and from where. `details` are kept with what they do."""

    kind: str
    name: str = ""
    address: str = ""
    request_id: str = ""
    details: dict[str, Any] = {}


find_actor: ContextVar[Callable[[], Actor] | None] = ContextVar("find_actor", default=None)


def current_actor() -> Actor | None:
    """Return who is acting, as far as is known by now; None where nobody is."""
    find = find_actor.get()
    return find() if find else None


@contextmanager
def acting(find: Callable[[], Actor] | None) -> Iterator[None]:
    """Take what is done within the block for an act of whom `find` finds, when something is recorded."""
    token = find_actor.set(find)
    try:
        yield
    finally:
        find_actor.reset(token)
