"""Start, feed and kill a worker process, which executes one job at a time."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

from compute.jobs.orders import JobSpec
from compute.jobs.workspaces import Workspace

GROUP_SECONDS = 0.5
PROJECT = Path(__file__).resolve().parents[2]


class WorkerProcess:
    """A `python -m compute.jobs.child` in its own process group."""

    def __init__(self, limits: dict[str, Any]) -> None:
        self._workspace = Workspace()  # first: where there is no room for it, nothing is left behind
        self.connection, theirs = Pipe()
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "compute.jobs.child", str(theirs.fileno()), str(os.getpid())],
            cwd=PROJECT,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        limits["environment"]["scratch"] = str(self._workspace.path)
        self.progress = 0.0
        self.started = 0.0
        self.send(limits)

    @property
    def pid(self) -> int:
        """Its process id, and that of its group."""
        return self._process.pid

    def start(self, spec: JobSpec) -> None:
        """Give it a job; raise OSError where it is dead."""
        self.progress = 0.0
        self.send(asdict(spec))
        self.started = time.monotonic()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self.connection.send_bytes(json.dumps(message).encode())

    def answer(self) -> dict[str, Any] | None:
        """Return its final answer if there is one by now; take in its progress. Raise EOFError or OSError if it is dead."""
        while self.connection.poll():
            message: dict[str, Any] = json.loads(self.connection.recv_bytes())
            if "progress" not in message:
                return message
            self.progress = message["progress"]
        return None

    def end(self) -> int:
        """Kill it with all it has started, and return its exit status."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.connection.close()
        status = self._process.wait()
        self._await_group()
        self._workspace.remove()
        return status

    def _await_group(self) -> None:
        """Wait a moment for what it has started to be gone too: it may be writing still."""
        deadline = time.monotonic() + GROUP_SECONDS
        with suppress(ProcessLookupError, PermissionError):
            while time.monotonic() < deadline:
                os.killpg(self._process.pid, 0)
                time.sleep(0.005)
