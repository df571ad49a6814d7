"""`python -m config.cluster`: django-q2's cluster, whose processes die with their parents.

The supervisor (config/worker.py) starts it. If the supervisor itself is killed, nothing of the cluster may stay behind to
work beside its successor; Linux sends each process SIGKILL when its parent ends.
"""

import ctypes
import os
import signal
import sys

from django.core.management import execute_from_command_line
from django.db import connections

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends. Linux only; elsewhere the queue's repeats are harmless."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def use_connections_without_pool() -> None:
    """Give each process a connection of its own: the cluster forks, and a pool's sockets do not survive being shared."""
    for database in connections.settings.values():
        database.get("OPTIONS", {}).pop("pool", None)
        database["CONN_MAX_AGE"] = None


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    die_with_parent()
    os.register_at_fork(after_in_child=die_with_parent)
    use_connections_without_pool()
    execute_from_command_line(["manage.py", "qcluster"])
