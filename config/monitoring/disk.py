"""Tell how full the disks are: in `/health`, in the metrics, and to operators before one is full."""

import socket
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from config.core.disk import Space, spaces, was_server_full
from config.monitoring.alerts.sources import Condition, Severity
from config.monitoring.health import Unhealthy

EARLY = 4  # times what is to stay free: less is told to operators, though nothing is refused yet
PATH = "/admin/"


def check_disk() -> dict[str, Any]:
    """Health: the room on the disk of each folder that this process writes to."""
    found = dict(spaces())
    facts = {name: {"free_bytes": space.free, "total_bytes": space.total} for name, space in found.items()}
    full = [name for name, space in found.items() if not space.has_room_for(0)]
    full += [_("the database's server")] if was_server_full() else []
    if full:
        raise Unhealthy(
            _("The disk of %(full)s is full or nearly full; free some space.") % {"full": _(" and ").join(full)},
            folders=facts,
        )
    return {"folders": facts}


def collect() -> Iterator[Metric]:
    """Metrics: the same."""
    free = GaugeMetricFamily("apron_disk_free_bytes", "Free bytes on the disk of a folder", labels=["folder"])
    total = GaugeMetricFamily("apron_disk_total_bytes", "Bytes of the disk of a folder", labels=["folder"])
    for name, space in spaces():
        free.add_metric([name], space.free)
        total.add_metric([name], space.total)
    yield from (free, total)


def conditions(now: datetime) -> Iterator[Condition]:
    """Yield each disk that is full, or will be soon, as the process sees it that asks: a worker."""
    disks: dict[int, tuple[Space, list[str]]] = {}
    for name, space in spaces():
        disks.setdefault(space.device, (space, []))[1].append(name)
    for space, names in disks.values():
        if not space.has_room_for((EARLY - 1) * space.least_free):
            yield _condition(names, space, now)


def _condition(names: list[str], space: Space, now: datetime) -> Condition:
    name = " and ".join(names)
    is_full = not space.has_room_for(0)
    return Condition(
        key=f"disk-{names[0]}",
        state="full" if is_full else "low",
        severity=Severity.ERROR if is_full else Severity.WARNING,
        title=(_("The disk of %(name)s is full") if is_full else _("The disk of %(name)s is nearly full"))
        % {"name": name},
        detail=_(
            "%(free)s of %(total)s bytes are free on %(gethostname)s. Free some space; what waits for"
            " it then continues by itself."
        )
        % {"free": f"{space.free:,}", "total": f"{space.total:,}", "gethostname": socket.gethostname()},
        recovery=_("The disk of %(name)s has enough free space again") % {"name": name},
        path=PATH,
        since=now,
    )
