"""Panels of the admin's first page, declared by apps: a few numbers with links, from bounded queries."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

logger = logging.getLogger(__name__)


class Tone(StrEnum):
    """Severity shown to operators."""

    PLAIN = ""
    GOOD = "good"
    WAITING = "wait"  # goes on by itself
    BAD = "bad"  # needs a person


@dataclass(frozen=True)
class Figure:
    """A number or short text, with a link to the list behind it."""

    label: str
    value: str | int
    link: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Next:
    """What to do when there is nothing to show yet."""

    text: StrOrPromise
    link: str
    label: str
    needs: str = ""  # a permission, without which there is only the text


@dataclass(frozen=True)
class Panel:
    """A panel of the dashboard."""

    figures: Sequence[Figure] = ()
    chart: SafeString | str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    next: Next | None = None

    @property
    def labelled_rows(self) -> list[list[tuple[str, Any]]]:
        """Return the rows, each cell with its column's title, for screens on which a table has no head."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


class _Provider(NamedTuple):
    title: StrOrPromise
    permission: str
    build: Callable[[], Panel]


_providers: list[_Provider] = []


def register(title: StrOrPromise, permission: str, build: Callable[[], Panel]) -> None:
    """Add a panel, from an app's ready(), for those who have the permission; `build` must not read a whole table."""
    _providers.append(_Provider(title, permission, build))


def panels(user: Any) -> list[tuple[str, Panel]]:
    """Return the panels that a user may see with their titles, in the order of the apps."""
    return [
        (str(provider.title), _build(provider, user)) for provider in _providers if user.has_perm(provider.permission)
    ]


def _build(provider: _Provider, user: Any) -> Panel:
    """One part that is broken leaves the others to be seen."""
    try:
        panel = provider.build()
    except Exception:
        logger.exception("The panel %s could not be read", provider.title)
        return Panel([Figure(_("state"), _("could not be read; the log has the details"), tone=Tone.BAD)])
    if panel.next and panel.next.needs and not user.has_perm(panel.next.needs):
        return replace(panel, next=replace(panel.next, link=""))
    return panel


def tone_of(number: int, tone: Tone) -> Tone:
    """Return the tone if there is anything at all."""
    return tone if number else Tone.PLAIN


def ago(moment: datetime | None) -> str:
    """Return how long ago something was, for people."""
    if not moment:
        return _("never")
    return _("%(duration)s ago") % {"duration": duration((timezone.now() - moment).total_seconds())}


def duration(seconds: float) -> str:
    """Return a duration in its largest unit."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0.0):.0f} s"


A_DAY = timedelta(days=1)


def a_day_ago() -> datetime:
    """Return since when a figure "in 24 h" counts."""
    return timezone.now() - A_DAY
