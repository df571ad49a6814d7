"""Downloads in part, and files that are replaced only as they were seen."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from compute.files.downloads import CONTENT_TYPES
from compute.files.formats import SUFFIXES

pytestmark = pytest.mark.django_db
CONTENT = b"a,b\n007,x\n"
ADDRESS = "/api/compute/files/t.csv"


@pytest.fixture(autouse=True)
def file(compute_root: Path) -> Path:
    path = compute_root / "t.csv"
    path.write_bytes(CONTENT)
    return path


def get(client: APIClient, **headers: str) -> Any:
    """Return an answer whose file is read, which closes it."""
    response: Any = client.get(ADDRESS, headers=headers)
    if response.streaming:
        response.body = b"".join(response.streaming_content)
    return response


def put(client: APIClient, headers: dict[str, str], content: bytes = b"new") -> Any:
    return client.put(ADDRESS, content, content_type="text/csv", headers=headers)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-3", 0, 4),
        ("bytes=4-", 4, 10),
        ("bytes=-3", 7, 10),
        ("bytes=8-99", 8, 10),
        ("bytes=-99", 0, 10),
        ("bytes=9-9", 9, 10),
    ],
)
def test_a_part_is_sent(client: APIClient, asked: str, start: int, stop: int) -> None:
    response = get(client, Range=asked)
    assert (response.status_code, response.body) == (206, CONTENT[start:stop])
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/10"
    assert response["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_part_that_is_not_there_is_416(client: APIClient, asked: str) -> None:
    response = get(client, Range=asked)
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */10")


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "lines=1-2", "bytes=3-1", "bytes=-", "bytes=a-b", "bytes=1-2x"])
def test_what_is_not_one_range_of_bytes_gets_the_whole(client: APIClient, asked: str) -> None:
    response = get(client, Range=asked)
    assert (response.status_code, response.body) == (200, CONTENT)


def test_a_whole_download_says_that_parts_can_be_had(client: APIClient) -> None:
    response = get(client)
    assert (response["Accept-Ranges"], response["Content-Length"]) == ("bytes", "10")


def test_a_part_of_another_version_is_not_sent(client: APIClient, file: Path) -> None:
    etag = get(client)["ETag"]
    assert get(client, Range="bytes=0-1", **{"If-Range": etag}).status_code == 206
    file.write_bytes(CONTENT + b"8,y\n")
    assert get(client, Range="bytes=0-1", **{"If-Range": etag}).status_code == 200


def test_a_file_that_the_client_has_is_not_sent_again(client: APIClient) -> None:
    etag = get(client)["ETag"]
    assert get(client, **{"If-None-Match": etag}).status_code == 304


def test_a_file_is_replaced_as_it_was_seen(client: APIClient, file: Path) -> None:
    etag = get(client)["ETag"]
    first, second = put(client, {"If-Match": etag}, b"mine"), put(client, {"If-Match": etag}, b"late")
    assert (first.status_code, second.status_code, file.read_bytes()) == (201, 412, b"mine")


def test_the_answer_to_an_upload_has_the_etag_of_the_download(client: APIClient) -> None:
    kept = put(client, {"If-Match": "*"}, b"mine")
    assert kept["ETag"] == get(client)["ETag"]


@pytest.mark.parametrize("headers", [{"If-None-Match": "*"}, {"If-Match": '"x"'}])
def test_a_file_that_must_not_be_there_or_is_another_is_not_replaced(
    client: APIClient, file: Path, headers: dict[str, str]
) -> None:
    assert (put(client, headers).status_code, file.read_bytes()) == (412, CONTENT)


def test_if_match_creates_no_file(client: APIClient, file: Path) -> None:
    file.unlink()
    assert (put(client, {"If-Match": "*"}).status_code, file.exists()) == (412, False)


def test_a_body_in_gzip_is_stored_as_it_was_before(client: APIClient, file: Path) -> None:
    response = client.put(
        f"{ADDRESS}?overwrite=true", gzip.compress(b"a\n1\n"), content_type="text/csv", HTTP_CONTENT_ENCODING="gzip"
    )
    assert (response.status_code, file.read_bytes()) == (201, b"a\n1\n")


def test_half_a_gzip_replaces_nothing(client: APIClient, file: Path) -> None:
    half = gzip.compress(b"a\n1\n" * 1000)[:-9]
    response = client.put(f"{ADDRESS}?overwrite=true", half, content_type="text/csv", HTTP_CONTENT_ENCODING="gzip")
    assert (response.status_code, file.read_bytes()) == (400, CONTENT)


def test_a_bomb_ends_at_the_limit_of_an_upload(client: APIClient, file: Path, settings: Any) -> None:
    settings.COMPUTE_MAX_UPLOAD = 1000
    bomb = gzip.compress(b"a" * 1001)
    response = client.put(f"{ADDRESS}?overwrite=true", bomb, content_type="text/csv", HTTP_CONTENT_ENCODING="gzip")
    assert (response.status_code, file.read_bytes()) == (413, CONTENT)


@pytest.mark.parametrize("field", ["fil_path", "overwrite"])
def test_a_form_with_an_unknown_field_is_refused(client: APIClient, compute_root: Path, field: str) -> None:
    form = {"file": SimpleUploadedFile("u.csv", CONTENT), field: "x"}
    response = client.post("/api/compute/files", form, format="multipart")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)
    assert not (compute_root / "u.csv").exists()


@pytest.mark.parametrize("query", ["overwrite=yes", "overwrite=", "overwrite=True", "owerwrite=true"])
def test_a_wrong_query_uploads_nothing(client: APIClient, file: Path, query: str) -> None:
    response = client.put(f"{ADDRESS}?{query}", b"new", content_type="text/csv")
    assert (response.status_code, file.read_bytes()) == (400, CONTENT)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".csv.gz", ".JSON.ZST", ".unknown"])
def test_a_file_of_every_kind_is_downloaded(client: APIClient, compute_root: Path, suffix: str) -> None:
    (compute_root / f"file{suffix}").write_bytes(b"any")
    answer: Any = client.get(f"/api/compute/files/file{suffix}")
    assert (answer.status_code, answer.getvalue()) == (200, b"any")
    format_ = SUFFIXES.get(suffix)
    assert answer["Content-Type"] == (CONTENT_TYPES[format_] if format_ else "application/octet-stream")
