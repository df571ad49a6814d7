"""What is wrong or went wrong, as apps report it when they are asked, once a minute."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.models import Alert

Severity = Alert.Severity
AT_ONCE = timedelta(0)


@dataclass(frozen=True)
class Condition:
    """Something that is wrong now, or that `happened` once.

    `key` names what it is about and stays the same while it lasts; `state` says what it is like: another state of the same
    key is another message. It is told `patience` after `since`, if it lasts so long. `recovery` is said when it is over.
    Texts name no person, and nothing that an outside service answered: they leave this system.
    """

    key: str
    state: str
    title: str
    path: str
    since: datetime
    detail: str = ""
    recovery: str = ""
    severity: Severity = Severity.ERROR
    patience: timedelta = AT_ONCE
    happened: bool = False


Source = Callable[[datetime], Iterable[Condition]]

_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Add an app's conditions, from its ready(). `source` gets the present moment; what it leaves out is over."""
    _sources[name] = source


def registered() -> dict[str, Source]:
    """Return the sources of the installed apps by their names."""
    return dict(_sources)
