"""What holds wherever COMPUTE_ROOT is: in a folder, and in each object store that the tests run on."""

import threading
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from compute.exceptions import FileExists, FileMissing, NotAFile, OutsideRoot, UnusableName
from compute.files.locations import BLOCK_BYTES
from compute.files.ownership import Requester, readable_file, set_owner
from compute.files.services import Upload, store_upload
from compute.files.storage import storage
from tests.compute.files.stored import SALES, put
from tests.fakes.stores import Anywhere


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["../secret.csv", "a/../../secret.csv", "/etc/passwd", "s3://x/y", "a\0.csv", ".."])
def test_paths_that_lead_out_are_forbidden(path: str, anywhere: Anywhere) -> None:
    anywhere.put("secret.csv", SALES)

    with pytest.raises((OutsideRoot, FileMissing)):
        storage().existing_file(path, field="file_path")


@pytest.mark.parametrize(
    "path", ["../x.csv", "/x.csv", "results/x.csv", ".x.csv", "a/.b/x.csv", "", "a\nb.csv", "x" * 300]
)
def test_names_of_uploads_are_checked(anywhere: Anywhere, path: str) -> None:
    with pytest.raises((OutsideRoot, UnusableName)):
        storage().upload_path(path, field="file_path")


def test_a_name_is_a_name_and_never_a_url(anywhere: Anywhere) -> None:
    for name in ("x::file:/etc/passwd", "a b+c%20d?e#f&g.csv", "é*[1].csv"):
        anywhere.put(f"compute/{name}", SALES)
        with storage().open(storage().existing_file(name, field="file_path")) as file:
            assert file.read() == SALES


def test_what_is_our_own_and_what_is_not_there_is_missing_and_a_folder_is_no_file(anywhere: Anywhere) -> None:
    anywhere.put("compute/.scratch/half.csv", SALES)
    anywhere.put("compute/folder/x.csv", SALES)

    for path in ("nothing.csv", ".scratch/half.csv", "folder/y.csv"):
        with pytest.raises(FileMissing):
            storage().existing_file(path, field="file_path")
    with pytest.raises(NotAFile):
        storage().existing_file("folder", field="file_path")
    with pytest.raises(NotAFile):
        storage().upload_path("folder", field="file_path")


def test_files_are_listed_by_path_from_a_cursor_on(anywhere: Anywhere) -> None:
    for name in ("b.csv", "a/y.csv", "a/x.csv", "a.csv", "c/z.csv", "c/.d/e.csv", ".scratch/s"):
        anywhere.put(f"compute/{name}", SALES)
    anywhere.put("compute-of-others/a.csv", SALES)

    listed = [file.path for file in storage().files()]

    assert sorted(listed) == ["a.csv", "a/x.csv", "a/y.csv", "b.csv", "c/z.csv"]
    assert [file.path for file in storage().files(below="a")] == ["a/x.csv", "a/y.csv"]
    for position, name in enumerate(listed):
        assert [file.path for file in storage().files(after=name)] == listed[position + 1 :]


ALIASES = ["a.csv?versionId=null", "a.csv?versionid=x", "a.csv?", "a.csv#", "a.csv?#", "a\t.csv", "a.csv\n", "a.csv\r",
           "a.csv.", "b/../a.csv", "b\\c.csv", "b./c.csv"]  # fmt: skip


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.django_db
def test_a_file_has_one_name_since_whose_it_is_goes_by_that(client: APIClient, anywhere: Anywhere, alias: str) -> None:
    for name in ("a.csv", "b/c.csv"):
        anywhere.put(f"compute/{name}", SALES)
        set_owner(name, "ana")
    with pytest.raises((FileMissing, OutsideRoot)):
        readable_file(alias, Requester("ben"))
    assert client.get(f"/api/compute/files/{quote(alias)}").status_code in {403, 404}


@pytest.mark.django_db
def test_a_file_is_replaced_only_on_request(client: APIClient, anywhere: Anywhere) -> None:
    anywhere.put("compute/t.csv", b"old")

    assert put(client, "t.csv").status_code == 409
    assert anywhere.get("compute/t.csv") == b"old"
    assert put(client, "t.csv?overwrite=true").status_code == 201
    assert anywhere.get("compute/t.csv") == SALES


@pytest.mark.django_db
def test_of_two_uploads_of_one_new_name_the_first_to_end_is_kept(anywhere: Anywhere) -> None:
    with Upload(3, "t.csv") as slow, Upload(3, "t.csv") as quick:
        slow.write(b"one")
        quick.write(b"two")
        quick.commit("t.csv", overwrite=False, requester=Requester("ana"))
        with pytest.raises(FileExists):
            slow.commit("t.csv", overwrite=False, requester=Requester("ana"))

    assert anywhere.get("compute/t.csv") == b"two"


@pytest.mark.django_db
def test_a_form_uploads_under_the_name_that_comes_after_its_bytes(client: APIClient, anywhere: Anywhere) -> None:
    form = {"file": SimpleUploadedFile("t.csv", SALES), "file_path": "b/u.csv"}
    answer = client.post("/api/compute/files", form, format="multipart")

    assert (answer.status_code, answer.json()["file_path"]) == (201, "b/u.csv")
    assert anywhere.names() == ["compute/b/u.csv"]


@pytest.mark.django_db
def test_files_are_renamed_and_deleted(client: APIClient, anywhere: Anywhere) -> None:
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


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES, BLOCK_BYTES + 1])
@pytest.mark.django_db
def test_an_upload_of_any_size_comes_back_to_the_byte(anywhere: Anywhere, size: int) -> None:
    content = (b"0123456789abcde\n" * (size // 16 + 1))[:size]
    kept = upload(content)
    with storage().open(kept) as file:
        assert file.read() == content
    assert (kept.bytes, anywhere.get("compute/t.csv")) == (size, content)


@pytest.mark.django_db
def test_an_upload_that_ends_early_leaves_what_was_there(anywhere: Anywhere) -> None:
    def chunks() -> Any:
        yield b"x" * (BLOCK_BYTES + 1)
        raise ConnectionError

    anywhere.put("compute/t.csv", b"before")
    set_owner("t.csv", "ana")
    for name in ("t.csv", "u.csv"):
        with pytest.raises(ConnectionError):
            store_upload(
                file_path=name,
                chunks=chunks(),
                announced_bytes=3 * BLOCK_BYTES,
                overwrite=True,
                requester=Requester("ana"),
            )
    assert anywhere.names() == ["compute/t.csv"]
    assert anywhere.get("compute/t.csv") == b"before"


def test_a_listing_tells_of_a_file_what_a_look_at_it_tells(anywhere: Anywhere) -> None:
    anywhere.put("compute/a/t.csv", SALES)
    [listed] = storage().files()
    found = storage().existing_file("a/t.csv", field="file_path")
    assert (listed.path, listed.place, listed.bytes) == (found.path, found.place, found.bytes)
    assert abs((listed.modified_at - found.modified_at).total_seconds()) < 1
    assert storage().version_of("a/t.csv") == found.version.text


def test_a_version_is_another_one_after_each_write(anywhere: Anywhere) -> None:
    versions = set()
    for number in range(3):
        anywhere.put("compute/t.csv", b"%d" % number)
        versions.add(storage().version_of("t.csv"))
    assert len(versions) == 3


@pytest.mark.django_db(transaction=True)
def test_of_uploads_at_once_to_one_name_one_is_there_whole(anywhere: Anywhere) -> None:
    contents = [bytes([65 + number]) * (BLOCK_BYTES + 1) for number in range(3)]
    refused: list[Exception] = []

    def run(content: bytes) -> None:
        try:
            upload(content, overwrite=True)
        except Exception as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) < len(contents)
    assert anywhere.get("compute/t.csv") in contents


def upload(content: bytes, *, overwrite: bool = False) -> Any:
    blocks = (content[start : start + BLOCK_BYTES] for start in range(0, len(content), BLOCK_BYTES))
    return store_upload(
        file_path="t.csv", chunks=blocks, announced_bytes=len(content), overwrite=overwrite, requester=Requester("ana")
    )
