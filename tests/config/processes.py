"""Processes of Apron that work on the test's own database, to be watched and killed."""

import os
import subprocess
import sys
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.fakes.faulty import wait_until

SETUP = "import django, os, sys\ndjango.setup()\n"


def database_url() -> str:
    """Return the DATABASE_URL of the database that this test uses."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    who = f"{facts['USER']}:{facts['PASSWORD']}" if facts["PASSWORD"] else facts["USER"]
    where = quote(facts["HOST"], safe="") + (f":{facts['PORT']}" if facts["PORT"] else "")
    return f"postgres://{who}@{where}/{facts['NAME']}"


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a process on the test's database."""
    own = {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_FORMAT": "json"}
    return os.environ | own | changes


def start(*arguments: str, **changes: str) -> "subprocess.Popen[str]":
    """Start Python with these arguments and pipes in and out; whoever starts it ends it."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment(**changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_python(code: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    """Run Python code after django.setup() in a process of its own; return what it said."""
    command: list[Any] = [sys.executable, "-c", SETUP + code]
    return subprocess.run(
        command,
        check=False,
        cwd=settings.BASE_DIR,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
    )


def run_and_kill(code: str, **changes: str) -> None:
    """Run Python code that kills its own process; return when the database has released that process's locks, too."""
    assert run_python(code, **changes).returncode == -9
    wait_until(lambda: not advisory_locks(), what="PostgreSQL to notice that the process is dead")


def advisory_locks() -> int:
    """Return how many locks processes hold on the test's database."""
    if connection.vendor == "sqlite":
        return 0  # its locks are the kernel's, which releases them as it ends the process
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])
