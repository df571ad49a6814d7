"""A whole Apron in processes of its own, on a database of its own, to be killed at will."""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import requests
from django.db import connection

from tests.fakes.faulty import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """Yield the url of a database with nothing in it, on the engine that the tests run on."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'apron.sqlite3'}"
        return
    with _made_from("template1") as name:
        yield _postgresql_url(name)


@contextmanager
def migrated_database(folder: Path) -> Iterator[str]:
    """Yield the url of a migrated database, a copy of one of this test process: to migrate each anew takes a second."""
    if connection.vendor == "sqlite":
        shutil.copyfile(_migrated_file(), folder / "apron.sqlite3")
        yield f"sqlite:///{folder / 'apron.sqlite3'}"
        return
    with _made_from(_migrated_template()) as name:
        yield _postgresql_url(name)


@cache
def _migrated_file() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="apron-migrated-"))
    atexit.register(shutil.rmtree, folder)
    with empty_database(folder) as url:
        _migrate(url)
    return folder / "apron.sqlite3"


@cache
def _migrated_template() -> str:
    """Return the name of a database to make others from, which goes when this process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    name = stack.enter_context(_made_from("template1"))
    _migrate(_postgresql_url(name))
    return name


@contextmanager
def _made_from(template: str) -> Iterator[str]:
    """Make a database of PostgreSQL and yield its name."""
    settings, name = connection.settings_dict, f"apron_{uuid.uuid4().hex}"
    login = {"host": settings["HOST"], "port": settings["PORT"] or None, "user": settings["USER"]}
    with psycopg.connect(dbname="postgres", password=settings["PASSWORD"], autocommit=True, **login) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield name
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _postgresql_url(name: str) -> str:
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


def _migrate(database_url: str) -> None:
    environment = os.environ | {"DATABASE_URL": database_url, "SECRET_KEY": "test", "API_TOKEN": "test-token"}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=60,
    )


class System:
    """Runs Apron's commands with one environment; whatever is left running is killed at the end."""

    def __init__(self, database_url: str, **environment: str) -> None:
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
        self._running: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True, timeout=60
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a management command and leave it running."""
        return self._start(sys.executable, "manage.py", *arguments)

    def start_web(self) -> subprocess.Popen[bytes]:
        """Start the web server as the Procfile does, with one worker process, and wait until it answers."""
        server = f"granian --interface wsgi config.wsgi:application --host 127.0.0.1 --port {self.port} --no-ws"
        process = self._start(str(Path(sys.executable).parent / "granian"), *server.split()[1:])
        wait_until(self._answers)
        return process

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True)
        self._running.append(process)
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

    def close(self) -> None:
        """Kill what is left, children of those already killed included."""
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


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
