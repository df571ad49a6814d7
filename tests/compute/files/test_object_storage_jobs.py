"""Jobs on files in an object store: the same as on a disk, whatever the store does in the middle."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from compute.models import Job
from tests.compute.conftest import RunningRunner
from tests.compute.files.stored import SALES, STATS, left_behind, put
from tests.fakes.faulty import wait_until
from tests.fakes.object_store import ObjectStore

pytestmark = pytest.mark.usefixtures("store")


def _results(store: ObjectStore) -> list[str]:
    return [key for key in store.names() if "/results/" in key]


def test_files_go_in_are_computed_on_and_come_back(
    client: APIClient, runner: RunningRunner, store: ObjectStore, tmp_path: Path
) -> None:
    made = put(client, "2024/sales%20one.csv")
    body = {"file_path": "2024/sales one.csv", "by": ["shop"], "aggregations": {"price": ["sum"]}}
    answer = client.post("/api/compute/group_by", body, format="json")
    result = answer.json()["file_path"]

    assert made.json()["bytes"] == len(SALES)
    assert store.get("compute/2024/sales one.csv") == SALES
    assert store.get(f"compute/{result}") == b"shop,price_sum\n007,1.5\n12,2.5\n"
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
    assert left_behind(store, tmp_path) == []


def test_every_format_is_read_from_and_written_to_the_store(client: APIClient, runner: RunningRunner) -> None:
    put(client, "sales.csv")
    source = "sales.csv"
    for format_ in ("parquet", "json", "xml", "csv"):
        body = {"file_path": source, "columns": ["price"], "output_format": format_}
        source = client.post("/api/compute/non_null", body, format="json").json()["file_path"]

    assert b"".join(client.get(f"/api/compute/files/{source}")) == b"shop,price\n007,1.5\n12,2.5\n"


def test_a_result_that_the_store_does_not_take_fails_the_job_and_is_not_there(
    client: APIClient, runner: RunningRunner, store: ObjectStore, tmp_path: Path
) -> None:
    put(client, "sales.csv")
    store.refuse(lambda method, path: method in ("PUT", "POST") and "/results/" in path)

    answer = client.post("/api/compute/stats", STATS, format="json")

    assert answer.status_code == 503
    assert (_results(store), left_behind(store, tmp_path)) == ([], [])


def test_a_child_killed_while_it_writes_leaves_nothing_and_another_does_the_job(
    client: APIClient, runner: RunningRunner, store: ObjectStore, tmp_path: Path
) -> None:
    put(client, "sales.csv")
    release = store.hold(lambda method, path: method == "PUT" and "/results/" in path and store.held == 0)
    job_id = client.post("/api/compute/stats", STATS, format="json", headers={"Prefer": "respond-async"}).json()["id"]
    wait_until(lambda: store.held)

    os.kill(runner.busy_child(), signal.SIGKILL)

    job = wait_until(lambda: Job.objects.filter(pk=job_id, status__in=Job.SETTLED).first())
    assert job is not None
    assert (job.status, job.attempts) == ("done", 2)
    assert _results(store) == [f"compute/{job.result_path}"]
    release()
    assert left_behind(store, tmp_path) == []


@pytest.mark.parametrize("change", ["replaced within the second", "removed"])
def test_a_file_that_is_not_what_it_was_fails_the_job(
    change: str, client: APIClient, start_runner: Callable[[], RunningRunner], store: ObjectStore
) -> None:
    put(client, "sales.csv")
    job_id = client.post("/api/compute/stats", STATS, format="json", headers={"Prefer": "respond-async"}).json()["id"]
    if change == "removed":
        store.delete("compute/sales.csv")
    else:
        store.put("compute/sales.csv", SALES.replace(b"1.5", b"1.6"))
    start_runner()

    job = wait_until(lambda: Job.objects.filter(pk=job_id, status__in=Job.SETTLED).first())
    assert job is not None
    assert job.error_code == ("no_such_file" if change == "removed" else "file_changed")


def test_an_earlier_result_is_given_again_until_the_file_is_replaced(
    client: APIClient, runner: RunningRunner, store: ObjectStore
) -> None:
    def ask() -> str:
        return str(client.post("/api/compute/non_null", STATS, format="json").json()["file_path"])

    store.put("compute/sales.csv", SALES)
    first, again = ask(), ask()
    store.put("compute/sales.csv", SALES.replace(b"1.5", b"1.6"))

    assert first == again
    assert b"007,1.6" in store.get(f"compute/{ask()}")
