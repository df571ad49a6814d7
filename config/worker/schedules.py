"""Periodic tasks, declared by apps and created by `migrate`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Periodic:
    """A task, by its dotted path, that runs every `minutes` minutes."""

    task: str
    minutes: int


_periodics: dict[str, Periodic] = {}


def every(minutes: int, task: str) -> None:
    """Declare a schedule, from an app's ready()."""
    _periodics[task] = Periodic(task, minutes)


def periodics() -> list[Periodic]:
    """Return what the installed apps declared."""
    return list(_periodics.values())
