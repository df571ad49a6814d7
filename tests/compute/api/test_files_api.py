"""Uploads and downloads over HTTP."""

import socket
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from compute.files.ownership import Requester
from compute.files.services import store_upload
from config.api.parsers import UploadIncomplete

pytestmark = pytest.mark.django_db
CONTENT = b"a,b\n007,x\n"


def _put(client: APIClient, path: str, content: bytes = CONTENT, **headers: str) -> Any:
    return client.put(f"/api/compute/files/{path}", content, content_type="text/csv", headers=headers)


def _visible(root: Path) -> list[str]:
    return sorted(place.relative_to(root).as_posix() for place in root.rglob("*") if place.is_file())


def test_an_upload_is_listed_and_comes_back_as_it_was(client: APIClient, compute_root: Path) -> None:
    answer = _put(client, "2024/sales%20one.csv")

    assert answer.status_code == 201
    assert answer.json() | {"modified_at": ""} == {
        "file_path": "2024/sales one.csv", "bytes": len(CONTENT), "format": "csv", "modified_at": "",
    }  # fmt: skip
    assert client.get("/api/compute/files").json() == [answer.json()]
    back = client.get(answer["Location"])
    assert b"".join(back.streaming_content) == CONTENT  # type: ignore[attr-defined]
    assert "attachment" in back["Content-Disposition"]
    assert _visible(compute_root) == ["2024/sales one.csv"]


def test_a_form_uploads_under_its_own_name_or_the_one_given(client: APIClient, compute_root: Path) -> None:
    for given, expected in (({}, "t.csv"), ({"file_path": "b/u.csv"}, "b/u.csv")):
        form = {"file": SimpleUploadedFile("../../t.csv", CONTENT)} | given
        answer = client.post("/api/compute/files", form, format="multipart")

        assert (answer.status_code, answer.json()["file_path"]) == (201, expected)
        assert (compute_root / expected).read_bytes() == CONTENT
    assert len(_visible(compute_root)) == 2


def test_a_form_without_a_file_is_refused(client: APIClient) -> None:
    answer = client.post("/api/compute/files", {"file_path": "a.csv"}, format="multipart")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "file")


@pytest.mark.parametrize("form", [False, True])
def test_a_file_is_replaced_only_on_request(form: bool, client: APIClient, compute_root: Path) -> None:
    (compute_root / "t.csv").write_bytes(b"old")

    def upload(query: str) -> Any:
        if form:
            file = SimpleUploadedFile("t.csv", CONTENT)
            return client.post(f"/api/compute/files{query}", {"file": file}, format="multipart")
        return _put(client, f"t.csv{query}")

    assert upload("").status_code == 409
    assert (compute_root / "t.csv").read_bytes() == b"old"
    assert upload("?overwrite=true").status_code == 201
    assert (compute_root / "t.csv").read_bytes() == CONTENT
    assert _visible(compute_root) == ["t.csv"]


@pytest.mark.parametrize("form", [False, True])
def test_an_upload_over_the_limit_is_refused_and_leaves_nothing(
    form: bool, client: APIClient, compute_root: Path, settings: Any
) -> None:
    settings.COMPUTE_MAX_UPLOAD = 1000
    content = b"x" * 5000
    if form:
        file = SimpleUploadedFile("t.csv", content)
        answer = client.post("/api/compute/files", {"file": file}, format="multipart")
    else:
        answer = _put(client, "t.csv", content)

    assert answer.status_code == 413
    assert _visible(compute_root) == []


def test_an_upload_that_ends_early_is_refused_and_leaves_nothing(compute_root: Path) -> None:
    with pytest.raises(UploadIncomplete, match="Only 5 of 10 bytes"):
        store_upload(
            file_path="t.csv", chunks=[b"a,b\n1"[:5]], announced_bytes=10, overwrite=False, requester=Requester("ana")
        )

    assert _visible(compute_root) == []


FORM = (
    b'--XX\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\na,b\n1,2\n\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="file_path"\r\n\r\nfolder/u.csv\r\n--XX--\r\n'
)


@pytest.mark.parametrize("kept", range(1, len(FORM) - 2, 7))
def test_a_form_that_ends_early_is_refused_and_leaves_nothing(kept: int, client: APIClient, compute_root: Path) -> None:
    answer = client.generic(
        "POST", "/api/compute/files", FORM[:kept].decode(), content_type="multipart/form-data; boundary=XX"
    )

    assert answer.status_code == 400
    assert answer.json()["detail"] == "The form ends before its closing boundary."
    assert _visible(compute_root) == []


@pytest.mark.parametrize("kept", [0, 95, len(FORM) - 20])
def test_a_sender_that_stops_before_the_announced_length_leaves_nothing(
    kept: int, live_server: Any, compute_root: Path
) -> None:
    head = (
        "POST /api/compute/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer test-token\r\n"
        f"Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: {len(FORM)}\r\n\r\n"
    )
    with socket.create_connection((live_server.thread.host, live_server.thread.port)) as sender:
        sender.sendall(head.encode() + FORM[:kept])
        sender.shutdown(socket.SHUT_WR)
        answer = sender.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"closing boundary" in answer
    assert _visible(compute_root) == []


@pytest.mark.parametrize("path", ["%2e%2e/t.csv", "a/%2e%2e/%2e%2e/t.csv", "/etc/t.csv", "results/t.csv"])
def test_uploads_stay_below_the_root(path: str, client: APIClient, compute_root: Path) -> None:
    assert _put(client, path).status_code == 403
    assert _visible(compute_root) == []


@pytest.mark.parametrize("path", ["nothing.csv", ".scratch", "folder", "%2e%2e/secret"])
def test_only_files_there_are_can_be_downloaded(path: str, client: APIClient, compute_root: Path) -> None:
    (compute_root / "folder").mkdir()
    (compute_root.parent / "secret").write_text("s")

    assert client.get(f"/api/compute/files/{path}").status_code in (403, 404, 422)


def test_the_list_goes_on_where_the_link_says(client: APIClient, compute_root: Path) -> None:
    for number in range(5):
        (compute_root / f"{number}.csv").write_bytes(CONTENT)
    page, seen = "/api/compute/files?limit=2", list[str]()
    while page:
        answer = client.get(page)
        seen += [row["file_path"] for row in answer.json()]
        page = answer.get("Link", "<>").partition("<")[2].partition(">")[0]

    assert seen == [f"{number}.csv" for number in range(5)]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1001"])
def test_a_wrong_limit_is_refused(query: str, client: APIClient) -> None:
    assert client.get(f"/api/compute/files?{query}").json()["errors"][0]["field"] == "limit"
