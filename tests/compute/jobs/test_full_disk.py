"""Files and jobs on a disk that is full, really: nothing half is left, and the next ones go on when there is room."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from compute.files.ownership import Requester
from compute.files.services import store_upload
from compute.models import Job
from config.api.problems import DiskFull
from tests.compute.asking import ask, left_behind, settled
from tests.compute.conftest import RunningRunner
from tests.disks import fill, forget_full_server, run_in_a_namespace, small_disk
from tests.fakes.faulty import wait_until

pytestmark = pytest.mark.usefixtures("forget_full_server")
__all__ = ["forget_full_server"]

MEGABYTE = 1024 * 1024
SIZE = 16 * MEGABYTE
BODY = {"file_path": "table.csv", "columns": ["price"]}
ROWS = 200_000


@pytest.fixture
def disk(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The disk of COMPUTE_ROOT."""
    with small_disk(tmp_path / "small", SIZE) as folder:
        settings.COMPUTE_ROOT = str(folder)
        yield folder


@pytest.fixture
def table(disk: Path) -> Path:
    """A table of 5 MB."""
    path = disk / "table.csv"
    path.write_text("shop;price\n" + "".join(f"shop number {row:08d};{row}.5\n" for row in range(ROWS)))
    return path


def put(client: APIClient, content: bytes, name: str = "new.csv") -> Any:
    return client.put(f"/api/compute/files/{name}", content, content_type="text/csv")


def post_form(client: APIClient, content: bytes) -> Any:
    return client.post("/api/compute/files", {"file": SimpleUploadedFile("new.csv", content)}, format="multipart")


@pytest.mark.django_db
@pytest.mark.parametrize("upload", [put, post_form])
def test_an_upload_without_room_is_507_and_leaves_nothing(
    client: APIClient, disk: Path, upload: Callable[[APIClient, bytes], Any]
) -> None:
    filler = fill(disk, leave=2 * MEGABYTE)
    refused = upload(client, b"a;b\n" * MEGABYTE)
    assert (refused.status_code, refused.json()["status"]) == (507, 507)
    assert refused.json()["detail"] == "No space is left on the disk of COMPUTE_ROOT. Free some space, then try again."
    assert left_behind(disk) in ([], [str(disk / ".scratch" / "uploads")])
    assert not list(disk.rglob("uploads/*"))
    assert not (disk / "new.csv").exists()

    filler.unlink()
    assert upload(client, b"a;b\n" * MEGABYTE).status_code == 201
    assert (disk / "new.csv").stat().st_size == 4 * MEGABYTE


@pytest.mark.django_db
def test_a_disk_that_another_fills_while_a_file_comes_is_told_too_and_the_old_file_stays(disk: Path) -> None:
    (disk / "new.csv").write_text("the file of before")

    def chunks() -> Iterator[bytes]:
        yield b"a;b\n" * 1000
        fill(disk)

    with pytest.raises(DiskFull, match="COMPUTE_ROOT"):
        store_upload(
            file_path="new.csv",
            chunks=chunks(),
            announced_bytes=None,
            overwrite=True,
            requester=Requester("ana", sees_all=True, changes_all=True),
        )
    assert not list(disk.rglob("uploads/*"))
    assert (disk / "new.csv").read_text() == "the file of before"


@pytest.mark.django_db
def test_a_file_beyond_the_limit_is_413_however_full_the_disk_is(client: APIClient, disk: Path, settings: Any) -> None:
    settings.COMPUTE_MAX_UPLOAD = MEGABYTE
    fill(disk)
    assert put(client, b"a;b\n" * MEGABYTE).status_code == 413


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_a_result_without_room_is_507_and_the_next_job_goes_on(
    client: APIClient, table: Path, settings: Any, engine: str, start_runner: Callable[[], RunningRunner]
) -> None:
    settings.COMPUTE_ENGINE = engine
    start_runner()
    filler = fill(table.parent, leave=MEGABYTE)
    client.credentials(HTTP_AUTHORIZATION="Bearer test-token", HTTP_IDEMPOTENCY_KEY="once")
    refused = ask(client, "non_null", BODY, wait=True)
    problem = refused.json()
    assert (refused.status_code, problem["status"]) == (507, 507), problem
    assert "COMPUTE_ROOT" in problem["detail"]
    job = Job.objects.get()
    assert (job.status, job.error_code, job.error_status, job.attempts) == ("failed", "disk_full", 507, 1)
    assert [name for name in left_behind(table.parent) if not name.endswith("/uploads")] == []

    filler.unlink()
    answer = ask(client, "non_null", BODY, wait=True)  # the same request, with the same key
    assert answer.status_code == 200, answer.json()
    assert Job.objects.get(status="done").rows_out == ROWS


def test_a_disk_without_a_byte_for_the_jobs_folder_fails_the_job_and_not_the_runner(
    client: APIClient, table: Path, runner: RunningRunner
) -> None:
    filler = fill(table.parent)
    refused = ask(client, "non_null", BODY, wait=True)
    assert (refused.status_code, Job.objects.get().error_code) == (507, "disk_full")

    filler.unlink()
    assert ask(client, "non_null", BODY, wait=True).status_code == 200


FULL_AT_THE_END = """
    CREATE FUNCTION apron_full() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER apron_full BEFORE UPDATE ON compute_job FOR EACH ROW
    WHEN (NEW.status = 'done') EXECUTE FUNCTION apron_full()
"""


def test_what_came_of_a_job_is_kept_until_the_database_has_room_for_it(
    client: APIClient, compute_root: Path, start_runner: Callable[[], RunningRunner], caplog: pytest.LogCaptureFixture
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("it takes a trigger that says as the server does that its disk is full")
    (compute_root / "table.csv").write_text("price\n1\n2\n")
    with connection.cursor() as cursor:
        cursor.execute(FULL_AT_THE_END)
    try:
        running = start_runner()
        job_id = ask(client, "stats", BODY).json()["id"]
        running.busy_child()
        wait_until(lambda: "No space is left on the disk of the database's server" in caplog.text)
        assert Job.objects.get(pk=job_id).status == "running"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER apron_full ON compute_job; DROP FUNCTION apron_full()")
    job = settled(job_id)
    assert (job.status, job.attempts) == ("done", 1)


def test_in_a_namespace() -> None:
    run_in_a_namespace(os.path.relpath(__file__))
