"""Background work is stored as rows with a status. A queued task only tells a worker to look for due rows.

Losing or repeating a task is harmless: the schedules (config/worker/schedules.py) look again anyway.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from django_q.models import Failure, Schedule
from django_q.tasks import async_task


def wake(task: str, *args: int | str) -> None:
    """Have a worker run the task at this dotted path soon. Inside a transaction it is sent with the commit."""
    async_task(task, *args)


def wake_at(task: str, when: datetime) -> None:
    """Have a worker run the task at this dotted path at `when`, or a few seconds later."""
    Schedule.objects.create(func=task, schedule_type=Schedule.ONCE, next_run=when, repeats=-1)


def failures_with(is_meant: Callable[[str], bool]) -> list[str]:
    """Return the keys of the failed tasks whose error has a text that is meant."""
    failures = Failure.objects.values_list("pk", "result")
    return [pk for pk, result in failures.iterator(chunk_size=100) if is_meant(str(result))]


def forget_errors(keys: Sequence[str], instead: str) -> None:
    """Replace what failed tasks said."""
    Failure.objects.filter(pk__in=keys).update(result=instead)


def wake_once_at(task: str, when: datetime) -> None:
    """Do the same, unless the task is to be run once already: that run looks again if it has to."""
    if not Schedule.objects.filter(func=task, schedule_type=Schedule.ONCE).exists():
        wake_at(task, when)
