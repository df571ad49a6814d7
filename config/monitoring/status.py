"""Status of each app in a sentence, as the public landing page shows it: no numbers, names or reasons.

Not part of /health: a partner that is away is no reason to restart us.
"""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

logger = logging.getLogger(__name__)


class Level(StrEnum):
    """Severity shown to operators."""

    OK = "ok"
    WAITING = "waiting"  # for something outside; goes on by itself
    DOWN = "down"  # needs a person


class State(NamedTuple):
    """An app's state."""

    level: Level
    text: StrOrPromise


_providers: dict[str, Callable[[], State]] = {}


def register(app: str, provider: Callable[[], State]) -> None:
    """Add an app, from its ready(). `provider` reads a row or two, by an index: anyone may load the landing page."""
    _providers[app] = provider


def report() -> dict[str, State]:
    """Return the state of each app."""
    return {app: _state_of(app, provider) for app, provider in _providers.items()}


def _state_of(app: str, provider: Callable[[], State]) -> State:
    try:
        return provider()
    except Exception:
        logger.exception("The state of %s could not be read", app)
        return State(Level.DOWN, _("Its state could not be read."))
