"""COMPUTE_ROOT in an object store: the same service, whatever the store does in the middle."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient
from s3fs import S3FileSystem

from compute.exceptions import FileExists, FileMissing, NotAFile, OutsideRoot, UnusableName
from compute.files.locations import BLOCK_BYTES, AtomicFile, filesystem, opened
from compute.files.services import Upload, store_upload
from compute.files.storage import storage
from compute.jobs import leases, services
from compute.models import Job
from tests.compute.conftest import RunningRunner
from tests.fakes.faulty import wait_until
from tests.fakes.s3 import BUCKET, S3

SALES = b"shop,price\n007,1.5\n12,2.5\n007,\n"
STATS = {"file_path": "sales.csv", "columns": ["price"]}


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    server = S3()
    yield server
    server.close()
    S3FileSystem.clear_instance_cache()


@pytest.fixture(autouse=True)
def s3(server: S3, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The store, empty; settings and environment point to it."""
    settings.COMPUTE_ROOT = f"s3://{BUCKET}/compute"
    settings.VAR_DIR = tmp_path / "var"
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.reset()
    return server


def _put(client: APIClient, path: str, content: bytes = SALES) -> Any:
    return client.put(f"/api/compute/files/{path}", content, content_type="text/csv")


def _results(s3: S3) -> list[str]:
    return [key for key in s3.names() if "/results/" in key]


def _left_behind(s3: S3, scratch: Path) -> list[str]:
    """What was kept aside, here and there."""
    return [str(place) for place in (scratch / "var/scratch").rglob("*")] + [key for key in s3.names() if "/." in key]


def test_files_go_in_are_computed_on_and_come_back(
    client: APIClient, runner: RunningRunner, s3: S3, tmp_path: Path
) -> None:
    made = _put(client, "2024/sales%20one.csv")
    body = {"file_path": "2024/sales one.csv", "by": ["shop"], "aggregations": {"price": ["sum"]}}
    answer = client.post("/api/compute/group_by", body, format="json")
    result = answer.json()["file_path"]

    assert made.json()["bytes"] == len(SALES)
    assert s3.get("compute/2024/sales one.csv") == SALES
    assert s3.get(f"compute/{result}") == b"shop,price_sum\n007,1.5\n12,2.5\n"
    listed = [row["file_path"] for row in client.get("/api/compute/files").json()]
    assert listed == ["2024/sales one.csv", result]
    back = client.get(f"/api/compute/files/{result}")
    assert b"".join(back.streaming_content) == b"shop,price_sum\n007,1.5\n12,2.5\n"  # type: ignore[attr-defined]
    assert back["Content-Length"] == "30"
    preview = client.get("/api/compute/files/2024/sales one.csv/preview").json()
    assert preview["rows"][2] == {"shop": "007", "price": None}
    again = client.post("/api/compute/group_by", body, format="json")
    assert again.json()["job"] == answer.json()["job"]
    job = Job.objects.get(pk=answer.json()["job"])
    assert job.input_bytes == len(SALES)
    assert _left_behind(s3, tmp_path) == []


def test_every_format_is_read_from_and_written_to_the_store(client: APIClient, runner: RunningRunner) -> None:
    _put(client, "sales.csv")
    source = "sales.csv"
    for format_ in ("parquet", "json", "xml", "csv"):
        body = {"file_path": source, "columns": ["price"], "output_format": format_}
        source = client.post("/api/compute/non_null", body, format="json").json()["file_path"]

    assert b"".join(client.get(f"/api/compute/files/{source}")) == b"shop,price\n007,1.5\n12,2.5\n"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["../secret.csv", "a/../../secret.csv", "/etc/passwd", "s3://x/y", "a\0.csv", ".."])
def test_paths_that_lead_out_are_forbidden(path: str, s3: S3) -> None:
    s3.put("secret.csv", SALES)

    with pytest.raises((OutsideRoot, FileMissing)):
        storage().existing_file(path, field="file_path")


@pytest.mark.parametrize(
    "path", ["../x.csv", "/x.csv", "results/x.csv", ".x.csv", "a/.b/x.csv", "", "a\nb.csv", "x" * 300]
)
def test_names_of_uploads_are_checked_as_on_a_disk(path: str) -> None:
    with pytest.raises((OutsideRoot, UnusableName)):
        storage().upload_path(path, field="file_path")


def test_a_name_is_a_name_and_never_a_url(s3: S3) -> None:
    for name in ("x::file:/etc/passwd", "a b+c%20d?e#f&g.csv", "é*[1].csv"):
        s3.put(f"compute/{name}", SALES)
        with opened(storage().existing_file(name, field="file_path").place) as file:
            assert file.read() == SALES


def test_what_is_our_own_and_what_is_not_there_is_missing_and_a_folder_is_no_file(s3: S3) -> None:
    s3.put("compute/.scratch/half.csv", SALES)
    s3.put("compute/folder/x.csv", SALES)

    for path in ("nothing.csv", ".scratch/half.csv", "folder/y.csv", "folder/x.csv?versionId=null"):
        with pytest.raises(FileMissing):
            storage().existing_file(path, field="file_path")
    with pytest.raises(NotAFile):
        storage().existing_file("folder", field="file_path")
    with pytest.raises(NotAFile):
        storage().upload_path("folder", field="file_path")


def test_files_are_listed_by_path_from_a_cursor_on(s3: S3) -> None:
    for name in ("b.csv", "a/y.csv", "a/x.csv", "a.csv", "c/z.csv", ".scratch/s"):
        s3.put(f"compute/{name}", SALES)

    listed = [file.path for file in storage().files()]

    assert listed == ["a/x.csv", "a/y.csv", "a.csv", "b.csv", "c/z.csv"]
    for position, name in enumerate(listed):
        assert [file.path for file in storage().files(after=name)] == listed[position + 1 :]


@pytest.mark.django_db
def test_a_file_is_replaced_only_on_request(client: APIClient, s3: S3) -> None:
    s3.put("compute/t.csv", b"old")

    assert _put(client, "t.csv").status_code == 409
    assert s3.get("compute/t.csv") == b"old"
    assert _put(client, "t.csv?overwrite=true").status_code == 201
    assert s3.get("compute/t.csv") == SALES


@pytest.mark.django_db
def test_of_two_uploads_of_one_new_name_the_first_to_end_is_kept(s3: S3) -> None:
    with Upload(3, "t.csv") as slow, Upload(3, "t.csv") as quick:
        slow.write(b"one")
        quick.write(b"two")
        quick.commit("t.csv", overwrite=False)
        with pytest.raises(FileExists):
            slow.commit("t.csv", overwrite=False)

    assert s3.get("compute/t.csv") == b"two"


@pytest.mark.django_db
def test_a_form_uploads_under_the_name_that_comes_after_its_bytes(client: APIClient, s3: S3, tmp_path: Path) -> None:
    form = {"file": SimpleUploadedFile("t.csv", SALES), "file_path": "b/u.csv"}
    answer = client.post("/api/compute/files", form, format="multipart")

    assert (answer.status_code, answer.json()["file_path"]) == (201, "b/u.csv")
    assert s3.names() == ["compute/b/u.csv"]
    assert _left_behind(s3, tmp_path) == []


@pytest.mark.django_db
def test_an_upload_of_several_parts_that_ends_early_leaves_nothing(s3: S3) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x" * (BLOCK_BYTES + 1)
        assert s3.open_uploads() == 1
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store_upload(file_path="t.csv", chunks=chunks(), announced_bytes=3 * BLOCK_BYTES, overwrite=False)

    assert (s3.names(), s3.open_uploads()) == ([], 0)


@pytest.mark.django_db
def test_a_store_that_refuses_is_told_as_unavailable(client: APIClient, s3: S3) -> None:
    s3.refuse(lambda _method, _path: True)
    answers = [
        client.get("/api/compute/files"),
        client.get("/api/compute/files/sales.csv"),
        _put(client, "sales.csv"),
        client.post("/api/compute/stats", STATS, format="json"),
    ]

    assert [(answer.status_code, answer.json()["detail"]) for answer in answers] == [
        (503, "The store of the files does not answer; try again later.")
    ] * 4


def test_a_result_that_the_store_does_not_take_fails_the_job_and_is_not_there(
    client: APIClient, runner: RunningRunner, s3: S3, tmp_path: Path
) -> None:
    _put(client, "sales.csv")
    s3.refuse(lambda method, path: method in ("PUT", "POST") and "/results/" in path)

    answer = client.post("/api/compute/stats", STATS, format="json")

    assert answer.status_code == 503
    assert (_results(s3), _left_behind(s3, tmp_path)) == ([], [])


def test_a_child_killed_while_it_writes_leaves_nothing_and_another_does_the_job(
    client: APIClient, runner: RunningRunner, s3: S3, tmp_path: Path
) -> None:
    _put(client, "sales.csv")
    release = s3.hold(lambda method, path: method == "PUT" and "/results/" in path and s3.held == 0)
    job_id = client.post("/api/compute/stats", STATS, format="json", headers={"Prefer": "respond-async"}).json()["id"]
    wait_until(lambda: s3.held)

    os.kill(runner.busy_child(), signal.SIGKILL)

    job = wait_until(lambda: Job.objects.filter(pk=job_id, status__in=Job.SETTLED).first())
    assert job is not None
    assert (job.status, job.attempts) == ("done", 2)
    assert _results(s3) == [f"compute/{job.result_path}"]
    release()
    assert _left_behind(s3, tmp_path) == []


@pytest.mark.parametrize("change", ["replaced within the second", "removed"])
def test_a_file_that_is_not_what_it_was_fails_the_job(
    change: str, client: APIClient, start_runner: Callable[[], RunningRunner], s3: S3
) -> None:
    _put(client, "sales.csv")
    job_id = client.post("/api/compute/stats", STATS, format="json", headers={"Prefer": "respond-async"}).json()["id"]
    if change == "removed":
        s3.client.delete_object(Bucket=BUCKET, Key="compute/sales.csv")
    else:
        s3.put("compute/sales.csv", SALES.replace(b"1.5", b"1.6"))
    start_runner()

    job = wait_until(lambda: Job.objects.filter(pk=job_id, status__in=Job.SETTLED).first())
    assert job is not None
    assert job.error_code == ("no_such_file" if change == "removed" else "file_changed")


def test_an_earlier_result_is_given_again_until_the_file_is_replaced(
    client: APIClient, runner: RunningRunner, s3: S3
) -> None:
    def ask() -> str:
        return str(client.post("/api/compute/non_null", STATS, format="json").json()["file_path"])

    s3.put("compute/sales.csv", SALES)
    first, again = ask(), ask()
    s3.put("compute/sales.csv", SALES.replace(b"1.5", b"1.6"))

    assert first == again
    assert b"007,1.6" in s3.get(f"compute/{ask()}")


@pytest.mark.django_db
def test_what_dead_attempts_left_and_old_results_are_dropped(s3: S3, settings: Any) -> None:
    settings.RESULT_RETENTION_DAYS = -1
    s3.put("compute/.scratch/7-1/part-0", b"x")
    s3.put("compute/results/old.csv", b"x")
    storage().scratch("8-1").mkdir(parents=True)

    leases.drop_old_scratch()
    services.drop_old_results()

    assert s3.names() == []
    assert not storage().scratch("8-1").exists()


def test_on_a_file_system_behind_a_url_a_file_is_renamed_into_place() -> None:
    fs, _ = filesystem("memory://apron/")
    with AtomicFile("memory://apron/a/t.csv") as draft:
        draft.write(b"half")
        assert not fs.exists("/apron/a/t.csv")
        draft.write(b" and half")
        draft.commit()
    with AtomicFile("memory://apron/a/t.csv") as draft:
        draft.write(b"never kept")

    assert fs.find("/apron") == ["/apron/a/t.csv"]
    assert fs.cat("/apron/a/t.csv") == b"half and half"


def test_objects_are_renamed_and_deleted(client: APIClient, s3: S3) -> None:
    for name in ("a.csv", "b.csv"):
        _put(client, name)
    address = "/api/compute/files/a.csv"
    assert client.patch(address, {"to": "b.csv"}, format="json").status_code == 409
    assert client.patch(address, {"to": "2026/c.csv"}, format="json").status_code == 200
    assert (
        client.patch("/api/compute/files/b.csv", {"to": "2026/c.csv", "overwrite": True}, format="json").status_code
        == 200
    )
    assert [each["file_path"] for each in client.get("/api/compute/files").json()] == ["2026/c.csv"]
    back: Any = client.get("/api/compute/files/2026/c.csv")
    assert back.getvalue() == SALES
    assert client.delete("/api/compute/files/2026/c.csv").status_code == 204
    assert client.get("/api/compute/files").json() == []
