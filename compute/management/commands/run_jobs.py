"""`manage.py run_jobs`: a runner of compute's jobs. `run_worker` keeps one running; more may run, on more machines."""

import signal
import threading
from typing import Any

from compute.jobs.runner import Runner
from config.core.commands import LeanCommand
from config.core.telemetry.start import start


class Command(LeanCommand):
    """Runs jobs until SIGTERM, then gives back what is not done."""

    help = "Run compute's jobs, at most COMPUTE_CONCURRENCY at once."

    def handle(self, *args: Any, **options: Any) -> None:
        start("worker")
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        Runner().run(stopping)
