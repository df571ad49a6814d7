"""Containers that start together migrate one after the other."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.databases import empty_database

PROCESSES = 2
COUNT_SCHEDULES = (
    "from django_q.models import Schedule as S; print(S.objects.count(), S.objects.values('name').distinct().count())"
)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """That of processes on a database with nothing in it."""
    with empty_database(tmp_path) as url:
        yield os.environ | {"DATABASE_URL": url}


def test_processes_that_migrate_at_once_all_succeed(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
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
