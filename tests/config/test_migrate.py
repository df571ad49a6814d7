"""Containers that start together migrate one after the other."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection

PROCESSES = 3
COUNT_SCHEDULES = (
    "from django_q.models import Schedule as S; print(S.objects.count(), S.objects.values('name').distinct().count())"
)


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[str]:
    """The URL of a database of the tests' kind, with nothing in it."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    url, name = os.environ["DATABASE_URL"], f"empty_{uuid4().hex}"
    database = settings.DATABASES["default"]
    address = {"host": database["HOST"], "port": database["PORT"] or None, "user": database["USER"]}
    with psycopg.connect(**address, password=database["PASSWORD"], dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"{url.rpartition('/')[0]}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_processes_that_migrate_at_once_all_succeed(empty_database: str) -> None:
    environment = os.environ | {"DATABASE_URL": empty_database}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    running = [
        subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stderr=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    errors = [process.communicate(timeout=60)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES, errors
    shell = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", COUNT_SCHEDULES]
    counted = subprocess.run(shell, cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True, text=True)
    schedules, names = counted.stdout.split()
    assert int(schedules) == int(names) > 0
