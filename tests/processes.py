"""A whole Apron in processes of its own, on a database of its own, to be killed at will."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.databases import migrated_database
from tests.fakes.faulty import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent


class System:
    """Runs Apron's commands with one environment; whatever is left running is killed at the end."""

    def __init__(self, database_url: str, **environment: str) -> None:
        self.log: Path | None = None  # where its processes write their log, instead of this process's stderr
        with free_port() as port:
            self.port = port
        self.url = f"http://127.0.0.1:{self.port}/api"
        self.environment = os.environ | {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "test",
            "API_TOKEN": "test-token",
            "LOG_FORMAT": "text",
            **environment,
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True, timeout=seconds
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a management command and leave it running."""
        return self._start(sys.executable, "manage.py", *arguments)

    def start_web(self, *options: str) -> subprocess.Popen[bytes]:
        """Start the web server as the Procfile does, with one worker process, and wait until it answers."""
        process = self._start(sys.executable, "-m", "config.server", "--port", str(self.port), *options)
        wait_until(self._answers, seconds=60)
        return process

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") if self.log else nullcontext() as log:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True, stderr=log)
        self.running.append(process)
        return process

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=5).status_code in {200, 503}
        except requests.ConnectionError:
            return False

    def get(self, path: str) -> Any:
        """Return the JSON at a path of the API."""
        response = requests.get(f"{self.url}/{path}", timeout=30)
        response.raise_for_status()
        return response.json()

    @contextmanager
    def hidden_table(self, name: str) -> Iterator[None]:
        """Have the database miss a table for the length of the block."""
        url = self.environment["DATABASE_URL"]
        with closing(_connect(url)) as connection:
            connection.execute(f"ALTER TABLE {name} RENAME TO hidden_{name}")
            try:
                yield
            finally:
                connection.execute(f"ALTER TABLE hidden_{name} RENAME TO {name}")

    def close(self) -> None:
        """Kill what is left, children of those already killed included."""
        for process in self.running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _connect(url: str) -> Any:
    if url.startswith("sqlite:///"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
    return psycopg.connect(url, autocommit=True)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process as a power cut would."""
    process.send_signal(signal.SIGKILL)
    process.wait()


@contextmanager
def running_system(folder: Path, **environment: str) -> Iterator[System]:
    """A migrated system without processes yet."""
    with migrated_database(folder) as url:
        system = System(url, **environment)
        try:
            yield system
        finally:
            system.close()
