"""Health checks, registered by apps and shown by `GET /health` and the dashboard."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import Error, connection
from django.utils.translation import gettext, gettext_noop

from config.core.disk import trouble_of
from config.core.postgresql.away import is_away, why_away

logger = logging.getLogger(__name__)

Check = Callable[[], dict[str, Any]]


class Unhealthy(Exception):  # noqa: N818 - it is a state, not an error
    """A part does not work; the text, and the facts that go with it, are shown to everyone."""

    def __init__(self, text: str, **facts: Any) -> None:
        super().__init__(text)
        self.facts = facts


_checks: dict[str, Check] = {}
_need_no_database: set[str] = set()


def register(name: str, check: Check, *, needs_database: bool = True) -> None:
    """Add a part to the health answer. The check returns facts, or raises Unhealthy; it must be quick."""
    _checks[name] = check
    if not needs_database:
        _need_no_database.add(name)


def not_asked() -> dict[str, Any]:
    """Return what is said of a part that nobody can ask without the database."""
    return {"status": "down", "detail": gettext("Unknown: the database is down.")}


def check_database() -> dict[str, Any]:
    """Ask the database for one row."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error as error:
        if not is_away(error):
            raise
        logger.warning("%s", trouble_of(error))
        raise Unhealthy(why_away()) from error
    return {"engine": connection.vendor}


_kept: ContextVar[list[dict[str, Any]] | None] = ContextVar("kept", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Have all reports in the block be the first one's: a page whose parts tell of it asks once."""
    token = _kept.set([])
    try:
        yield
    finally:
        _kept.reset(token)


def report() -> tuple[bool, dict[str, Any]]:
    """Return whether all parts work, and what each says. Without its database each would only wait for it once more."""
    kept = _kept.get()
    parts = kept[0] if kept else _ask()
    if kept == []:
        kept.append(parts)
    return all(part["status"] == "ok" for part in parts.values()), parts


def _ask() -> dict[str, Any]:
    parts = {gettext_noop("database"): run_check("database", check_database)}
    for name, check in _checks.items():
        is_asked = parts["database"]["status"] == "ok" or name in _need_no_database
        parts[name] = run_check(name, check) if is_asked else not_asked()
    return parts


def run_check(name: str, check: Check) -> dict[str, Any]:
    """Return what a check says, with its status; the reason of one that fails itself goes to the log only."""
    try:
        return {"status": "ok"} | check()
    except Unhealthy as error:
        return {"status": "down", "detail": str(error)} | error.facts
    except Exception:
        logger.exception("Health check %s failed", name)
        return {"status": "down", "detail": gettext("The check itself failed; the log has the details.")}
