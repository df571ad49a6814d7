"""What needs a person, a line each with the button that mends it: the first thing on the admin's first page."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from django.utils.translation import gettext as _

from config.monitoring.dashboard import Tone

logger = logging.getLogger(__name__)

MOST_NAMED = 3  # of a kind: more are one line, with their number
Row = TypeVar("Row")


@dataclass(frozen=True)
class Need:
    """Something that needs a person: a sentence, and a button to the page that mends it.

    Who lacks the permission `needs` gets, in its place, a link to `look`. A tone of WAITING: it goes on by itself.
    """

    text: str
    button: str = ""
    link: str = ""
    tone: Tone = Tone.BAD
    needs: str = ""
    look: str = ""


class Line(NamedTuple):
    """A need as one user sees it."""

    text: str
    tone: Tone
    button: str
    link: str


class Found(NamedTuple):
    """What needs a person, as far as a user may see; `is_all`: whether that is everything."""

    lines: list[Line]
    is_all: bool


class _Provider(NamedTuple):
    permission: str
    find: Callable[[], Iterable[Need]]


_providers: list[_Provider] = []


def register(permission: str, find: Callable[[], Iterable[Need]]) -> None:
    """Add what an app knows, from its ready(), for those who have the permission; `find` must not read a whole table."""
    _providers.append(_Provider(permission, find))


def needs_of(user: Any) -> Found:
    """Return what needs a person, what does not go on by itself first."""
    allowed = [provider for provider in _providers if user.has_perm(provider.permission)]
    needs = sorted(chain.from_iterable(map(_found_by, allowed)), key=lambda need: need.tone != Tone.BAD)
    return Found([_line(need, user) for need in needs], is_all=len(allowed) == len(_providers))


def named(rows: Iterable[Row], one: Callable[[Row], Need], many: Callable[[], Need]) -> Iterator[Need]:
    """Yield a line for each row, or one for all where they are too many; `rows` are one more than MOST_NAMED at most."""
    found = list(rows)
    if len(found) > MOST_NAMED:
        yield many()
    else:
        yield from map(one, found)


def _found_by(provider: _Provider) -> list[Need]:
    """One part that is broken leaves the others to be seen, and is not taken for one that needs nobody."""
    try:
        return list(provider.find())
    except Exception:
        logger.exception("What needs a person could not be read by %s", provider.find)
        return [Need(_("A part of the system could not be checked; the log has the details."))]


def _line(need: Need, user: Any) -> Line:
    if need.needs and not user.has_perm(need.needs):
        return Line(need.text, need.tone, _("View") if need.look else "", need.look)
    return Line(need.text, need.tone, need.button, need.link)
