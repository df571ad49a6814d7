"""`manage.py run_worker`: the worker process."""

from typing import Any

from config.core.commands import LeanCommand
from config.core.telemetry import errors
from config.worker.supervisor import Supervisor


class Command(LeanCommand):
    """Runs tasks and schedules until SIGTERM; restarts its cluster when that dies or stops claiming tasks."""

    help = "Run background work: deliveries, registrations, refreshes, jobs, sweeps."

    def handle(self, *args: Any, **options: Any) -> None:
        errors.set_up("worker")
        Supervisor().run()
