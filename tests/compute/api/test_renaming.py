"""Files are renamed and deleted by the API, whatever the storage."""

import os
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db
ADDRESS = "/api/compute/files/a.csv"


@pytest.fixture(autouse=True)
def files(compute_root: Path) -> None:
    (compute_root / "a.csv").write_text("a\n1\n")
    (compute_root / "b.csv").write_text("b\n2\n")
    (compute_root / "results").mkdir()
    (compute_root / "results/r.csv").write_text("r\n3\n")


def rename(client: APIClient, to: str, *, path: str = ADDRESS, **more: Any) -> Any:
    return client.patch(path, {"to": to} | more, format="json")


def test_a_file_is_renamed_into_a_new_folder(client: APIClient, compute_root: Path) -> None:
    answer = rename(client, "2026/c.csv")
    assert (answer.status_code, answer.json()["file_path"]) == (200, "2026/c.csv")
    assert answer["Location"] == "/api/compute/files/2026/c.csv"
    assert (compute_root / "2026/c.csv").read_text() == "a\n1\n"
    assert not (compute_root / "a.csv").exists()


def test_no_file_is_replaced_unless_asked(client: APIClient, compute_root: Path) -> None:
    answer = rename(client, "b.csv")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "file_exists")
    assert (compute_root / "b.csv").read_text() == "b\n2\n"
    assert (compute_root / "a.csv").read_text() == "a\n1\n"

    assert rename(client, "b.csv", overwrite=True).status_code == 200
    assert (compute_root / "b.csv").read_text() == "a\n1\n"
    assert not (compute_root / "a.csv").exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_renamed_to_its_own_name_stays(client: APIClient, compute_root: Path, *, overwrite: bool) -> None:
    assert rename(client, "a.csv", overwrite=overwrite).status_code == 200
    assert (compute_root / "a.csv").read_text() == "a\n1\n"


def test_a_file_that_comes_in_between_keeps_its_name(
    client: APIClient, compute_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def link_and_put(source: str, target: Path) -> None:
        link(source, target)
        if target.name == "c.csv":  # an upload would wait for the rename; a hand does not
            (compute_root / "newer").write_bytes(b"a\nnewer\n")
            (compute_root / "newer").replace(compute_root / "a.csv")

    monkeypatch.setattr(os, "link", link_and_put)
    assert rename(client, "c.csv").status_code == 200
    assert (compute_root / "c.csv").read_text() == "a\n1\n"
    assert (compute_root / "a.csv").read_text() == "a\nnewer\n"


def test_a_path_of_endless_folders_is_refused(client: APIClient) -> None:
    answer = rename(client, "n/" * 1100 + "x")
    assert (answer.status_code, answer.json()["detail"]) == (400, "A path may have at most 500 bytes.")


def test_a_result_is_kept_under_another_name(client: APIClient, compute_root: Path) -> None:
    assert rename(client, "kept.csv", path="/api/compute/files/results/r.csv").status_code == 200
    assert (compute_root / "kept.csv").read_text() == "r\n3\n"


@pytest.mark.parametrize(
    ("to", "status"), [("results/x.csv", 403), ("../x.csv", 403), ("/x.csv", 403), ("results", 403), (".x", 400)]
)
def test_a_file_stays_where_uploads_may_be(client: APIClient, compute_root: Path, to: str, status: int) -> None:
    answer = rename(client, to)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, "to")
    assert (compute_root / "a.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize("to", ["b.csv/x.csv", "b.csv/y/x.csv"])
def test_nothing_is_put_into_a_file(client: APIClient, compute_root: Path, to: str) -> None:
    body = b"c\n4\n"
    sent = client.put(f"/api/compute/files/{to}", body, content_type="application/octet-stream")
    for answer, field in ((rename(client, to), "to"), (sent, "file_path")):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
        assert answer.json()["detail"] == "b.csv is a file, so nothing can be put into it."
    assert (compute_root / "a.csv").read_text() == "a\n1\n"


def test_what_is_not_there_is_404(client: APIClient) -> None:
    assert rename(client, "x.csv", path="/api/compute/files/none.csv").status_code == 404
    assert client.delete("/api/compute/files/none.csv").status_code == 404


def test_a_file_and_a_result_are_deleted(client: APIClient, compute_root: Path) -> None:
    for path in ("a.csv", "results/r.csv"):
        assert client.delete(f"/api/compute/files/{path}").status_code == 204
        assert not (compute_root / path).exists()


def test_with_if_match_only_the_version_that_was_seen_is_touched(client: APIClient, compute_root: Path) -> None:
    shown: Any = client.get(ADDRESS)
    seen = shown["ETag"]
    shown.getvalue()
    (compute_root / "a.csv").write_text("a\nnewer\n")
    assert client.delete(ADDRESS, headers={"If-Match": seen}).status_code == 412
    assert client.patch(ADDRESS, {"to": "x.csv"}, format="json", headers={"If-Match": seen}).status_code == 412
    assert (compute_root / "a.csv").read_text() == "a\nnewer\n"


def test_without_a_token_nothing_is_touched(compute_root: Path) -> None:
    assert APIClient().delete(ADDRESS).status_code == 401
    assert APIClient().patch(ADDRESS, {"to": "x.csv"}, format="json").status_code == 401
    assert (compute_root / "a.csv").exists()
