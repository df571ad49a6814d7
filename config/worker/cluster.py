"""`python -m config.worker.cluster PARENT COMMAND`: run a management command that is killed when its parent dies.

The supervisor (config/worker/supervisor.py) starts it. If the supervisor itself is killed, nothing of it may stay behind to
work beside its successor; Linux sends each process SIGKILL when its parent ends.
"""

import ctypes
import os
import signal
import sys
from typing import Any

import django
from django.core.management import execute_from_command_line
from django.db import connections
from django.utils.module_loading import autodiscover_modules

from config.core.loading import loading
from config.core.telemetry import errors
from config.core.telemetry.start import preload, start

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent ends; it may have ended before we asked."""
    if sys.platform == "linux":  # elsewhere a leftover worker only repeats tasks, which is harmless
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def die_with_parent_in_all_forks(parent: int) -> None:
    """Have this process, and all that it forks, killed when its parent ends."""
    die_with_parent(parent)
    forking: list[int] = [parent]

    def remember() -> None:
        forking[0] = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with_parent(forking[0]))


def use_connections_without_pool() -> None:
    """Give each process a connection of its own: the cluster forks, and a pool's sockets do not survive being shared."""
    for database in connections.settings.values():
        database.get("OPTIONS", {}).pop("pool", None)
        database["CONN_MAX_AGE"] = None


def start_telemetry(**_: Any) -> None:
    """Start it in a process of the pool: its threads would not have come through the fork."""
    start("worker")
    errors.report_failed_tasks()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    die_with_parent_in_all_forks(int(sys.argv[1]))
    use_connections_without_pool()
    command = sys.argv[2]
    with loading():
        django.setup()
        if command == "qcluster":
            from django_q.signals import post_spawn

            autodiscover_modules("tasks", "worker.tasks")  # here, once: the pool's processes are forked from this one
            preload()
            post_spawn.connect(start_telemetry)
    execute_from_command_line(["manage.py", command, "--skip-checks"])  # its parent has made the checks
