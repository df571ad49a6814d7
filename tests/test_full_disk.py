"""The disk of the database is full, really: all is refused with the mend, nothing is lost, and all goes on by itself.

One system of processes, none of which is started again: web, worker, relay; partner and Kafka on real sockets.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.databases import migrated_database
from tests.disks import fill, run_in_a_namespace, small_disk
from tests.fakes.faulty import wait_until
from tests.fakes.kafka import Kafka
from tests.fakes.kafka_reader import read_topic
from tests.fakes.partner import Partner
from tests.processes import ROOT, System

SIZE = 16 * 1024 * 1024
TOKEN = {"Authorization": "Bearer test-token"}
SAMPLES = ROOT / "sample_data"
IMPORT = {
    "customers_file_path": str(SAMPLES / "customers.csv"),
    "purchased_file_path": str(SAMPLES / "purchases.csv"),
}
PATIENCE_SECONDS = 90.0  # some schedules look once a minute


class Apron:
    """A whole system whose database lies on a small disk of its own."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.disk = stack.enter_context(small_disk(folder / "disk", SIZE))
        self.kafka, self.partner = stack.enter_context(Kafka()), stack.enter_context(Partner())
        self.system = System(
            stack.enter_context(migrated_database(self.disk)),
            COMPUTE_ROOT=str(folder / "files"),
            IMPORT_UPLOADS=str(folder / "uploads"),
            KAFKA_BOOTSTRAP_SERVERS=self.kafka.address,
            CUSTOMERS_API_URL=self.partner.customers_url,
            SEND_BUDGET_SECONDS="1",
            DELIVERY_SCHEDULE="4,4,4,4,4,4",
            KAFKA_ACK_SECONDS="0.5",
        )
        stack.callback(self.system.close)
        self.system.log = folder / "log"
        self.processes = [self.system.start_web(), self.system.start("run_worker"), self.system.start("relay_data")]
        wait_until(lambda: self.health()["checks"]["worker"]["status"] == "ok", seconds=30, what="the worker")

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        return requests.post(f"{self.system.url}/{path}", json=body, headers=TOKEN | headers, timeout=60)

    def health(self) -> Any:
        return requests.get(f"{self.system.url}/health", timeout=20).json()

    def log(self) -> str:
        assert self.system.log
        return self.system.log.read_text()

    def rows(self, statement: str) -> list[Any]:
        """Read in the database, beside all the processes."""
        database = sqlite3.connect(f"file:{self.disk}/apron.sqlite3?mode=ro", uri=True)
        try:
            return database.execute(statement).fetchall()
        finally:
            database.close()


@pytest.fixture
def apron(tmp_path: Path) -> Iterator[Apron]:
    with ExitStack() as stack:
        yield Apron(stack, tmp_path)


def is_refused(response: requests.Response) -> bool:
    """Return whether an answer is that there is no room, and what to do."""
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["detail"] == "No space is left on the disk of DATABASE_URL. Free some space, then try again."
    return (response.status_code, problem["status"]) == (507, 507)


@pytest.mark.timeout(240)
def test_nothing_is_lost_and_all_goes_on_by_itself(apron: Apron) -> None:
    assert apron.post("import-csv", IMPORT).status_code == 201
    told = [apron.post("data", {"content": f"before {number}"}).json()["id"] for number in range(3)]
    with apron.kafka.proxy.away():  # so that something waits for the relay
        told += [apron.post("data", {"content": f"waits {number}"}).json()["id"] for number in range(3)]
        apron.partner.down = True
        delivery = apron.post("send-customers", {})
        assert (delivery.status_code, delivery.json()["status"]) == (202, "waiting")
        filler = fill(apron.disk)
        while (
            apron.post("data", [{"content": "x" * 1000}] * 10).status_code != 507
        ):  # what the write-ahead log has left
            pass
        apron.partner.down = False

    everything_is_refused(apron)
    wait_until(lambda: "config.worker.supervisor" in apron.log(), seconds=20, what="the supervisor to say so")
    wait_until(lambda: "ingest.relay" in apron.log(), seconds=20, what="the relay to say so")

    filler.unlink()
    assert apron.post("products", {"name": "n", "description": "d"}).status_code == 201
    assert apron.post("import-csv", IMPORT, **{"Idempotency-Key": "once"}).status_code == 201
    told.append(apron.post("data", {"content": "after"}).json()["id"])
    wait_until(
        lambda: not apron.rows("SELECT 1 FROM data_entries WHERE published_at IS NULL"),
        seconds=PATIENCE_SECONDS,
        what="the relay to go on",
    )
    wait_until(
        lambda: apron.rows("SELECT status FROM inflight_delivery") == [("delivered",)],
        seconds=PATIENCE_SECONDS,
        what="the delivery to go on",
    )
    wait_until(lambda: apron.health()["status"] == "ok", seconds=PATIENCE_SECONDS, what="health")
    all_is_there_once(apron, told)
    assert [process.poll() for process in apron.processes] == [None] * 3
    # Django Q's processes end when they cannot note a task, and start anew: their tracebacks have no line of ours.
    assert not re.search(r'File "[^"]*/(?:config|inflight|catalog|ingest|compute|metadata_registry)/', apron.log())


def everything_is_refused(apron: Apron) -> None:
    before = apron.rows("SELECT count(*), max(id) FROM data_entries")
    assert is_refused(apron.post("data", {"content": "during"}))
    assert is_refused(apron.post("data", [{"content": "during"}] * 5))
    assert is_refused(apron.post("data", {"content": "during"}, **{"Idempotency-Key": "data"}))
    assert is_refused(apron.post("products", {"name": "n", "description": "d"}))
    assert is_refused(apron.post("import-csv", IMPORT, **{"Idempotency-Key": "once"}))
    assert is_refused(apron.post("deliveries/1/retry", {}))
    assert not apron.partner.accepted, "nothing is sent of which nobody could write down that it was"
    assert apron.rows("SELECT count(*), max(id) FROM data_entries") == before
    assert apron.rows("SELECT count(*) FROM catalog_product") == [(0,)]

    page = requests.get(f"http://127.0.0.1:{apron.system.port}/", headers={"Accept": "text/html"}, timeout=20)
    assert page.status_code == 200, "what is there can be read"
    health = apron.health()
    assert (health["status"], health["checks"]["disk"]["status"]) == ("down", "down")
    assert health["checks"]["disk"]["folders"]["DATABASE_URL"] == {"free_bytes": 0, "total_bytes": SIZE}
    metrics = requests.get(f"{apron.system.url}/metrics", headers=TOKEN, timeout=20).text
    assert 'apron_disk_free_bytes{folder="DATABASE_URL"} 0.0' in metrics


def all_is_there_once(apron: Apron, told: list[int]) -> None:
    """What a client was told of is in the table and in the topic, and nothing that was refused."""
    rows = dict(apron.rows("SELECT id, content FROM data_entries"))
    assert set(told) <= rows.keys()
    assert not [content for content in rows.values() if "during" in content]
    records = read_topic([apron.kafka.address], "data_topic")
    assert {record.entry_id for record in records} == rows.keys()
    assert len(apron.rows("SELECT 1 FROM catalog_product")) == 1
    sent = sorted(customer["email"] for customer in apron.partner.customers)
    assert sent == sorted(email for (email,) in apron.rows("SELECT email FROM inflight_customer"))
    assert [status for (status,) in apron.rows("SELECT status FROM inflight_importrun ORDER BY id")] == [
        "completed"
    ] * 2


def test_in_a_namespace() -> None:
    run_in_a_namespace(os.path.relpath(__file__))
