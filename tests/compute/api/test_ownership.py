"""Jobs, results and uploads belong to who asked for them: nobody else sees them but those who may see all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from rest_framework.test import APIClient

from compute.files import ownership, services
from compute.files.ownership import Requester
from compute.models import Job, OwnedFile
from config.access.clients import create_client

pytestmark = pytest.mark.django_db
CONTENT = b"a,b\n1,x\n2,\n"
RUN = ["compute:run", "compute:read"]


def downloaded(client: APIClient, path: str) -> Any:
    answer: Any = client.get(f"/api/compute/files/{path}")
    answer.getvalue()
    return answer


CASES: dict[str, Callable[[APIClient, str], Any]] = {
    "download": downloaded,
    "preview": lambda client, path: client.get(
        f"/api/compute/files/{path}/preview", headers={"Prefer": "respond-async"}
    ),
    "ask": lambda client, path: client.post(
        "/api/compute/stats", {"file_path": path, "columns": ["a"]}, format="json", headers={"Prefer": "respond-async"}
    ),
    "rename": lambda client, path: client.patch(f"/api/compute/files/{path}", {"to": "mine.csv"}, format="json"),
    "delete": lambda client, path: client.delete(f"/api/compute/files/{path}"),
}


def client_of(name: str, *more: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_client(name=name, scopes=[*RUN, *more])[1]}")
    return client


@pytest.fixture
def ana() -> APIClient:
    return client_of("ana")


@pytest.fixture
def bob() -> APIClient:
    return client_of("bob")


@pytest.fixture
def auditor() -> APIClient:
    return client_of("auditor", "compute:read-all")


@pytest.fixture
def chief() -> APIClient:
    return client_of("chief", "admin")


def put(client: APIClient, path: str, content: bytes = CONTENT, query: str = "") -> int:
    return int(client.put(f"/api/compute/files/{path}{query}", content, content_type="text/csv").status_code)


def listed(client: APIClient) -> list[str]:
    return [file["file_path"] for file in client.get("/api/compute/files").json()]


@pytest.mark.parametrize("case", CASES)
def test_another_ones_file_is_not_there(ana: APIClient, bob: APIClient, compute_root: Path, case: str) -> None:
    put(ana, "secret.csv")

    answer = CASES[case](bob, "secret.csv")

    assert (answer.status_code, (compute_root / "secret.csv").read_bytes()) == (404, CONTENT)
    assert listed(bob) == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("who", ["ana", "chief"])
def test_ones_own_file_is_there_and_everybodys_to_who_may_do_everything(
    ana: APIClient, chief: APIClient, who: str, case: str
) -> None:
    put(ana, "t.csv")

    client = {"ana": ana, "chief": chief}[who]

    assert listed(client) == ["t.csv"]
    assert CASES[case](client, "t.csv").status_code in {200, 202, 204}


@pytest.mark.parametrize("case", CASES)
def test_who_may_read_all_changes_nothing_of_others(
    ana: APIClient, auditor: APIClient, compute_root: Path, case: str
) -> None:
    put(ana, "t.csv")
    may = {"download": 200, "preview": 202, "ask": 202, "rename": 403, "delete": 403}

    assert listed(auditor) == ["t.csv"]
    assert CASES[case](auditor, "t.csv").status_code == may[case]
    assert put(auditor, "t.csv", b"a\n7\n", "?overwrite=true") == 409
    assert (compute_root / "t.csv").read_bytes() == CONTENT


@pytest.mark.parametrize("case", CASES)
def test_what_is_nobodys_can_be_read_by_everybody_and_changed_by_few(
    ana: APIClient, chief: APIClient, compute_root: Path, case: str
) -> None:
    (compute_root / "t.csv").write_bytes(CONTENT)
    may = {"download": 200, "preview": 202, "ask": 202, "rename": 403, "delete": 403}

    assert listed(ana) == ["t.csv"]
    assert CASES[case](ana, "t.csv").status_code == may[case]
    assert CASES[case](chief, "t.csv").status_code in {200, 202, 204}


@pytest.mark.parametrize("query", ["", "?overwrite=true"])
@pytest.mark.parametrize("owner", ["ana", "nobody"])
def test_an_upload_replaces_nothing_that_is_not_ones_own(
    ana: APIClient, bob: APIClient, compute_root: Path, query: str, owner: str
) -> None:
    if owner == "ana":
        put(ana, "t.csv")
    else:
        (compute_root / "t.csv").write_bytes(CONTENT)

    assert put(bob, "t.csv", b"a\n7\n", query) == 409
    assert (compute_root / "t.csv").read_bytes() == CONTENT
    assert listed(ana) == ["t.csv"]


def test_a_renamed_file_stays_its_owners(ana: APIClient, bob: APIClient, compute_root: Path) -> None:
    put(ana, "t.csv")
    ana.patch("/api/compute/files/t.csv", {"to": "u.csv"}, format="json")
    (compute_root / "t.csv").write_bytes(b"a\n1\n")  # by hand: it is nobody's

    assert (listed(ana), listed(bob)) == (["t.csv", "u.csv"], ["t.csv"])


def test_a_name_that_is_free_again_is_anybodys(ana: APIClient, bob: APIClient) -> None:
    put(ana, "t.csv")
    ana.delete("/api/compute/files/t.csv")

    assert put(bob, "t.csv") == 201
    assert (listed(ana), listed(bob)) == ([], ["t.csv"])


def test_an_upload_that_fails_leaves_the_owner_as_it_was(ana: APIClient, compute_root: Path) -> None:
    put(ana, "t.csv")
    with services.Upload(0) as upload:
        upload.write(CONTENT)
        (compute_root / "t.csv").unlink()
        (compute_root / "t.csv").mkdir()
        with pytest.raises(Exception, match=r"t\.csv"):
            upload.commit("t.csv", overwrite=True, requester=Requester("client:bob", sees_all=True, changes_all=True))

    assert OwnedFile.objects.get().sub == "client:ana"


@pytest.mark.django_db(transaction=True)
def test_results_and_jobs_are_of_who_asked_and_no_answer_is_borrowed(
    ana: APIClient, bob: APIClient, auditor: APIClient, compute_root: Path, runner: Any
) -> None:
    (compute_root / "t.csv").write_bytes(CONTENT)
    ask = {"file_path": "t.csv", "columns": ["a"]}
    first, second = (client.post("/api/compute/stats", ask, format="json").json() for client in (ana, bob))

    assert first["file_path"] != second["file_path"]
    assert ana.post("/api/compute/stats", ask, format="json").json()["file_path"] == first["file_path"]
    assert ana.get(f"/api/compute/files/{second['file_path']}").status_code == 404
    of_bob = f"/api/compute/jobs/{second['job']}"
    assert ana.get(of_bob).status_code == ana.delete(of_bob).status_code == 404
    assert bob.get(of_bob).status_code == 200
    assert [job["sub"] for job in ana.get("/api/compute/jobs").json()] == ["client:ana"]
    assert len(auditor.get("/api/compute/jobs").json()) == 2
    refused = auditor.delete(of_bob)
    assert (refused.status_code, refused.json()["detail"].partition(".")[0]) == (
        403,
        f"Job {second['job']} is not yours",
    )
    assert set(listed(auditor)) == {"t.csv", first["file_path"], second["file_path"]}


def test_a_result_that_no_row_owns_yet_is_not_everybodys(ana: APIClient, compute_root: Path) -> None:
    (compute_root / "results").mkdir()
    (compute_root / "results" / "t-stats-0123.csv").write_bytes(CONTENT)

    assert listed(ana) == []
    assert ana.get("/api/compute/files/results/t-stats-0123.csv").status_code == 404


def test_many_files_are_looked_up_together(
    ana: APIClient, compute_root: Path, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "CHUNK", 10)
    for number in range(25):
        (compute_root / f"{number:02d}.csv").write_bytes(CONTENT)
    OwnedFile.objects.bulk_create([OwnedFile(path=f"{number:02d}.csv", sub="bob") for number in range(0, 25, 2)])

    with django_assert_max_num_queries(8):
        found = listed(ana)

    assert found == [f"{number:02d}.csv" for number in range(1, 25, 2)]


@pytest.mark.django_db(transaction=True)
def test_results_from_before_belong_to_who_asked_for_them() -> None:
    MigrationExecutor(connection).migrate([("compute", "0008_profile")])
    try:
        old = MigrationExecutor(connection).loader.project_state([("compute", "0008_profile")]).apps
        old.get_model("compute", "Job").objects.create(
            sub="ana", operation="stats", parameters={}, file_path="t.csv", input_bytes=1, input_version="1",
            fingerprint="f", engine="duckdb", status=Job.Status.DONE, result_path="results/t.csv",
        )  # fmt: skip
    finally:
        MigrationExecutor(connection).migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())

    assert [(owned.path, owned.sub) for owned in OwnedFile.objects.all()] == [("results/t.csv", "ana")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", ["rename", "delete"])
def test_what_comes_while_another_file_goes_keeps_its_owner(
    ana: APIClient, bob: APIClient, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ana, "t.csv")
    came: list[int] = []
    set_owner = ownership.set_owner

    def late(path: str, sub: str | None) -> None:  # the moment between the file that goes and its row
        if sub is None and path == "t.csv":
            with ThreadPoolExecutor(1) as thread:
                came.append(thread.submit(put_elsewhere).result())
        set_owner(path, sub)

    def put_elsewhere() -> int:
        try:
            return put(bob, "t.csv")
        finally:
            connections.close_all()

    monkeypatch.setattr(ownership, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(services, "set_owner", late)
    CASES[case](ana, "t.csv")

    assert came == [409]
    assert put(bob, "t.csv") == 201
    assert "t.csv" not in listed(ana)


def test_who_owned_a_file_that_was_removed_by_hand_owns_not_the_next_one_there(
    ana: APIClient, bob: APIClient, compute_root: Path
) -> None:
    for name in ("t.csv", "u.csv"):
        put(ana, name)
    (compute_root / "t.csv").unlink()
    ownership.drop_owners_of_nothing()
    (compute_root / "t.csv").write_bytes(CONTENT)

    assert (listed(ana), listed(bob)) == (["t.csv", "u.csv"], ["t.csv"])
