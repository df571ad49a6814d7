"""Real processes, killed in the middle: nothing lost, nothing twice in effect."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.db import connection

from tests.fakes.faulty import Fault, Received, wait_until
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMER_HEADER, PURCHASE_HEADER
from tests.processes import System, kill, running_system

CUSTOMERS = 6
once = pytest.mark.skipif(connection.vendor != "postgresql", reason="the locks and rows it rests on are tested on both")


@pytest.fixture
def system(tmp_path: Path, partner: Partner) -> Iterator[System]:
    environment = {
        "CUSTOMERS_API_URL": partner.customers_url,
        "DELIVERY_BATCH_SIZE": "1",
        "DELIVERY_SCHEDULE": "1,1,1,1,1,1,1,1,1,1",
        "IMPORT_ROOTS": str(tmp_path),
        "IMPORT_UPLOADS": str(tmp_path / "uploads"),
        "SEND_BUDGET_SECONDS": "1",
    }
    with running_system(tmp_path, **environment) as system:
        yield system


def write_files(folder: Path, customers: int, purchases_each: int) -> tuple[str, str]:
    customer_lines = [CUSTOMER_HEADER, *(f"{n};2;Last{n};First;;;" for n in range(customers))]
    purchase_lines = [PURCHASE_HEADER]
    purchase_lines += [f"{n}/{m};{n};P;1;1;EUR;2024-01-01" for n in range(customers) for m in range(purchases_each)]
    (folder / "customers.csv").write_text("\n".join(customer_lines))
    (folder / "purchases.csv").write_text("\n".join(purchase_lines))
    return str(folder / "customers.csv"), str(folder / "purchases.csv")


def start_sending(system: System) -> str:
    headers = {"Prefer": "respond-async"}
    return str(requests.post(f"{system.url}/send-customers", headers=headers, timeout=30).headers["Location"])


def assert_delivered_once(system: System, partner: Partner) -> None:
    wait_until(lambda: system.get("deliveries/1")["status"] == "delivered", seconds=60)
    assert sorted(customer["last_name"] for customer in partner.customers) == [f"Last{n}" for n in range(CUSTOMERS)]
    batches = system.get("deliveries/1")["batches"]
    assert set(partner.accepted) == {batch["idempotency_key"] for batch in batches}
    bodies = {(request.headers["Idempotency-Key"], request.body) for request in partner.received}
    assert len(bodies) == len(batches), "the same bytes at each attempt"


@once
@pytest.mark.parametrize("moment", ["before the partner answers", "after the partner answered"])
def test_a_worker_killed_while_sending_is_succeeded_by_the_next(
    system: System, partner: Partner, tmp_path: Path, moment: str
) -> None:
    system.manage("import_csv", *write_files(tmp_path, CUSTOMERS, 2))
    system.start_web()
    worker = system.start("run_worker")

    def kill_at_the_third(_: Received) -> None:
        if len(partner.received) == 3 and worker.poll() is None:
            kill(worker)

    if moment == "before the partner answers":
        partner.on_received = kill_at_the_third
    else:
        partner.on_answered = kill_at_the_third
    start_sending(system)
    wait_until(lambda: worker.poll() is not None, seconds=30)
    system.start("run_worker")
    assert_delivered_once(system, partner)


@once
def test_the_schedule_delivers_without_a_human_when_the_partner_is_back(
    system: System, partner: Partner, tmp_path: Path
) -> None:
    system.manage("import_csv", *write_files(tmp_path, CUSTOMERS, 2))
    system.start_web()
    partner.fail_next(Fault(), Fault(drop=True))
    partner.down_after = 2
    sent = requests.post(f"{system.url}/send-customers", timeout=30)
    assert (sent.status_code, sent.json()["status"]) == (202, "waiting")
    system.start("run_worker")
    wait_until(lambda: system.get("deliveries/1")["failed_rounds"] >= 2, seconds=40)
    partner.down_after = None
    assert_delivered_once(system, partner)


def kill_import(system: System, files: tuple[str, str], *, stage: str) -> None:
    """Start an import, and kill it while it reads its files or while it writes into the tables."""
    process = system.start("import_csv", *files)

    def is_at_the_stage() -> bool:
        running = [run for run in system.get("imports") if run["status"] == "running"]
        assert process.poll() is None, "the import was over before it could be killed"
        return bool(running) and (0 < running[0]["progress"] < 1 if stage == "reading" else running[0]["progress"] == 1)

    wait_until(is_at_the_stage)
    kill(process)


def test_an_import_killed_in_the_middle_leaves_the_database_as_it_was(system: System, tmp_path: Path) -> None:
    files = write_files(tmp_path, 20_000, 5)
    system.start_web()
    for stage in ("reading", "writing"):
        kill_import(system, files, stage=stage)
        assert system.get("customers") == [], stage
    system.manage("import_csv", *files)
    last, *killed = system.get("imports")
    assert [run["status"] for run in killed] == ["interrupted", "interrupted"]
    assert last["status"] == "completed"
    assert last["customers"]["inserted"] == 20_000
    assert last["purchases"]["inserted"] == 100_000
