"""Status of each app in a sentence, as the public landing page shows it: no numbers, names or reasons.

Not part of /health: a partner that is away is no reason to restart us.
"""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

logger = logging.getLogger(__name__)


class Level(StrEnum):
    """Severity shown to operators."""

    OK = "ok"
    WAITING = "waiting"  # for something outside; goes on by itself
    DOWN = "down"  # needs a person


class State(NamedTuple):
    """An app's state."""

    level: Level
    text: str


_tellers: dict[str, Callable[[], State]] = {}


def register(app: str, tell: Callable[[], State]) -> None:
    """Add an app, from its ready(). `tell` reads a row or two, by an index: anyone may load the landing page."""
    _tellers[app] = tell


def report() -> dict[str, State]:
    """Return the state of each app."""
    return {app: _ask(app, tell) for app, tell in _tellers.items()}


def _ask(app: str, tell: Callable[[], State]) -> State:
    try:
        return tell()
    except Exception:
        logger.exception("The state of %s could not be told", app)
        return State(Level.DOWN, "Its state could not be told.")
