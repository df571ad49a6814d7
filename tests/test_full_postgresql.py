"""The disk of PostgreSQL is full, really: what was told is kept, what was refused is not, and all goes on by itself."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from django.db import connection

from tests.disks import fill, run_in_a_namespace, small_disk
from tests.fakes.faulty import wait_until
from tests.processes import System
from tests.with_postgresql import postgresql

SIZE = 128 * 1024 * 1024  # the server's own files take 60
ASYNC = {"Prefer": "respond-async"}


@pytest.mark.timeout(180)
def test_nothing_is_lost_and_all_goes_on_by_itself(tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("it runs once, with the tests on PostgreSQL")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="apron-full-")))
        folder.chmod(0o755)  # as root PostgreSQL runs as another user
        disk = stack.enter_context(small_disk(folder / "disk", SIZE))
        server = stack.enter_context(postgresql(below=disk))
        system = System(
            server.make_database("apron"), COMPUTE_ROOT=str(tmp_path), KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9"
        )
        system.log = tmp_path / "log"
        system.manage("migrate", "-v0")
        stack.callback(system.close)
        processes = [system.start_web(), system.start("run_worker"), system.start("relay_data")]

        def post(content: str, rows: int = 1) -> requests.Response:
            body = [{"content": content}] * rows
            return requests.post(f"{system.url}/data", json=body, headers=ASYNC, timeout=60)

        def health() -> dict[str, str]:
            checks = requests.get(f"{system.url}/health", timeout=20).json()["checks"]
            return {name: part["status"] for name, part in checks.items()}

        told = [each["id"] for each in post("before", 10).json()]
        filler = fill(disk)
        answer = post("x" * 2000, 100)
        while answer.status_code == 201:  # the free pages of the table
            told += [each["id"] for each in answer.json()]
            answer = post("x" * 2000, 100)
        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (507, 507)
        assert (
            problem["detail"]
            == "No space is left on the disk of the database's server. Free some space, then try again."
        )
        assert health()["disk"] == "down"

        filler.unlink()
        wait_until(lambda: post("after").status_code == 201, seconds=30, what="room")
        wait_until(lambda: health()["worker"] == "ok", seconds=30, what="the worker")
        rows = {entry["id"] for entry in requests.get(f"{system.url}/data", timeout=30).json()}
        assert set(told) <= rows
        assert len(rows) == len(told) + 1
        assert [process.poll() for process in processes] == [None] * 3


def test_in_a_namespace() -> None:
    run_in_a_namespace(os.path.relpath(__file__))
