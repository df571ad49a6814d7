"""COMPUTE_ROOT in an object store: the same service, whatever the store does in the middle."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from compute.exceptions import FileExists, FileMissing, NotAFile, OutsideRoot, UnusableName
from compute.files.locations import BLOCK_BYTES, AtomicFile, filesystem, opened
from compute.files.ownership import Requester
from compute.files.services import Upload, store_upload
from compute.files.storage import storage
from compute.jobs import leases, services
from tests.compute.files.stored import SALES, STATS, left_behind, put
from tests.fakes.s3 import S3

pytestmark = pytest.mark.usefixtures("s3")


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

    assert put(client, "t.csv").status_code == 409
    assert s3.get("compute/t.csv") == b"old"
    assert put(client, "t.csv?overwrite=true").status_code == 201
    assert s3.get("compute/t.csv") == SALES


@pytest.mark.django_db
def test_of_two_uploads_of_one_new_name_the_first_to_end_is_kept(s3: S3) -> None:
    with Upload(3, "t.csv") as slow, Upload(3, "t.csv") as quick:
        slow.write(b"one")
        quick.write(b"two")
        quick.commit("t.csv", overwrite=False, requester=Requester("ana"))
        with pytest.raises(FileExists):
            slow.commit("t.csv", overwrite=False, requester=Requester("ana"))

    assert s3.get("compute/t.csv") == b"two"


@pytest.mark.django_db
def test_a_form_uploads_under_the_name_that_comes_after_its_bytes(client: APIClient, s3: S3, tmp_path: Path) -> None:
    form = {"file": SimpleUploadedFile("t.csv", SALES), "file_path": "b/u.csv"}
    answer = client.post("/api/compute/files", form, format="multipart")

    assert (answer.status_code, answer.json()["file_path"]) == (201, "b/u.csv")
    assert s3.names() == ["compute/b/u.csv"]
    assert left_behind(s3, tmp_path) == []


@pytest.mark.django_db
def test_an_upload_of_several_parts_that_ends_early_leaves_nothing(s3: S3) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x" * (BLOCK_BYTES + 1)
        assert s3.open_uploads() == 1
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store_upload(
            file_path="t.csv",
            chunks=chunks(),
            announced_bytes=3 * BLOCK_BYTES,
            overwrite=False,
            requester=Requester("ana"),
        )

    assert (s3.names(), s3.open_uploads()) == ([], 0)


@pytest.mark.django_db
def test_a_store_that_refuses_is_told_as_unavailable(client: APIClient, s3: S3) -> None:
    s3.refuse(lambda _method, _path: True)
    answers = [
        client.get("/api/compute/files"),
        client.get("/api/compute/files/sales.csv"),
        put(client, "sales.csv"),
        client.post("/api/compute/stats", STATS, format="json"),
    ]

    assert [(answer.status_code, answer.json()["detail"]) for answer in answers] == [
        (503, "The store of the files does not answer; try again later.")
    ] * 4


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


@pytest.mark.django_db
def test_objects_are_renamed_and_deleted(client: APIClient, s3: S3) -> None:
    for name in ("a.csv", "b.csv"):
        put(client, name)
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
