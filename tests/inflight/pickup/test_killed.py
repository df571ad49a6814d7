"""Real processes that look into an inbox and are killed: wherever that happens, the end is the same."""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from django.db import connection

from tests.fakes.faulty import Received, wait_until
from tests.fakes.object_store import ObjectStore
from tests.fakes.partner import Partner
from tests.fakes.stores import STORES, started
from tests.inflight.conftest import CUSTOMER_HEADER, PURCHASE_HEADER
from tests.inflight.pickup.conftest import names, put
from tests.processes import System, kill, running_system

KILLS = int(os.environ.get("KILLS", "5"))  # 20 where there is time
SEED = 22
ROWS = 1000  # of each file: enough that an import takes a moment
once = pytest.mark.skipif(connection.vendor != "postgresql", reason="the locks and rows it rests on are tested on both")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def settings_for(folder: Path, inbox: str, partner: Partner) -> dict[str, str]:
    return {
        "CUSTOMERS_API_URL": partner.customers_url,
        "DELIVERY_BATCH_SIZE": "100",
        "DELIVERY_SCHEDULE": "1,1,1,1,1,1,1,1,1,1",
        "IMPORT_INBOX": inbox,
        "IMPORT_THEN_SEND": "changed",
        "IMPORT_ROOTS": str(folder / "nowhere"),
        "IMPORT_UPLOADS": str(folder / "uploads"),
    }


@pytest.fixture
def system(tmp_path: Path, inbox: Path, partner: Partner) -> Iterator[System]:
    with running_system(tmp_path, **settings_for(tmp_path, str(inbox), partner)) as system:
        yield system


def lines_of(number: int) -> tuple[list[str], list[str]]:
    """Return the lines of the two files of an aircraft, whose customers no other has."""
    keys = [f"{number}-{n}" for n in range(ROWS)]
    return (
        [CUSTOMER_HEADER, *(f"{key};2;Last{key};First;;;" for key in keys)],
        [PURCHASE_HEADER, *(f"{key};{key};P;1;1;EUR;2024-01-01" for key in keys)],
    )


def drop(inbox: Path, number: int) -> None:
    put(inbox, f"AF{number}-", *lines_of(number), marked=True)


def arrived(partner: Partner) -> list[str]:
    return sorted(customer["last_name"] for customer in list(partner.customers))


def everybody(aircraft: int) -> list[str]:
    return sorted(f"Last{number}-{n}" for number in range(aircraft) for n in range(ROWS))


def pickups(system: System) -> list[str]:
    """Return the status of each pickup there is."""
    text = requests.get(f"{system.url}/metrics".replace("/api", ""), timeout=30).text
    counted = [
        line.split('"')[1::2] + line.split()[-1:] for line in text.splitlines() if line.startswith("apron_pickups{")
    ]
    return sorted(status for status, number in counted for _ in range(int(float(number))))


@once
@pytest.mark.timeout(600)
def test_a_worker_killed_twenty_times_at_random_delivers_each_customer_once(
    system: System, inbox: Path, partner: Partner
) -> None:
    """Each time another pair is dropped, a worker is started, and killed at some moment of picking it up."""
    chance = random.Random(SEED)
    phases: set[str] = set()
    system.start_web()
    for number in range(KILLS):
        drop(inbox, number)
        worker = system.start("run_worker")
        wait_until(lambda: len(pickups(system)) > number, seconds=60, what="the worker's look")  # noqa: B023 - called here
        time.sleep(min(chance.expovariate(2), 5.0))  # most within the half second of a pickup, some while it is sent
        kill(worker)
        phases |= set(pickups(system))
    system.start("run_worker")
    wait_until(lambda: arrived(partner) == everybody(KILLS), seconds=180, what="everybody's arrival")
    wait_until(lambda: set(pickups(system)) == {"done"}, seconds=90, what="the end of each pickup")
    assert names(inbox) == []
    assert names(inbox / "failed") == []
    assert names(inbox / "done") == sorted(
        f"AF{n}-{kind}.csv" for n in range(KILLS) for kind in ("customers", "purchases")
    )
    runs = system.get("imports?limit=1000")
    assert sum(run["customers"]["inserted"] for run in runs if run["status"] == "completed") == KILLS * ROWS
    assert "importing" in phases, "no kill came in the middle of a pickup"


@once
@pytest.mark.timeout(300)
def test_a_pair_that_is_dropped_reaches_the_partner_and_again_it_does_not(
    system: System, inbox: Path, partner: Partner
) -> None:
    system.start_web()
    system.start("run_worker")
    wait_until(lambda: requests.get(f"{system.url}/health", timeout=5).ok, seconds=60, what="the worker's start")
    put(inbox, "", *lines_of(0), marked=False)
    dropped = time.monotonic()
    wait_until(lambda: arrived(partner) == everybody(1), seconds=70, what="the arrival")
    assert time.monotonic() - dropped < 55, "a worker does not wait for the next minute"
    sent = len(partner.received)
    wait_until(lambda: pickups(system) == ["done"], seconds=30, what="the end of the first pickup")
    put(inbox, "", *lines_of(0), marked=False)
    wait_until(lambda: pickups(system) == ["done", "repeated"], seconds=70, what="the end of the second pickup")
    assert len(partner.received) == sent
    assert system.get("deliveries")[0]["status"] == "delivered"
    assert len(system.get("imports")) == 1
    assert names(inbox) == []


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[ObjectStore]:
    with started(request.param) as store:
        store.reset()
        yield store


def is_copy(method: str, path: str, name: str) -> bool:
    return method == "PUT" and path.endswith(f"done/{name}")


MOMENTS: dict[str, Callable[[str, str], bool]] = {
    "before the first file is fetched": lambda method, path: method == "GET" and path.endswith("AF0-customers.csv"),
    "between the two": lambda method, path: method == "GET" and path.endswith("AF0-purchases.csv"),
    "before the first file is moved": lambda method, path: is_copy(method, path, "AF0-customers.csv"),
    "between copy and removal": lambda method, path: method == "DELETE" and path.endswith("AF0-customers.csv"),
    "between the files": lambda method, path: is_copy(method, path, "AF0-purchases.csv"),
    "before the last removal": lambda method, path: method == "DELETE" and path.endswith("AF0-purchases.csv"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_the_store_is_asked(store: ObjectStore, partner: Partner, tmp_path: Path, moment: str) -> None:
    for kind, lines in zip(("customers", "purchases"), lines_of(0), strict=True):
        store.put(f"inbox/AF0-{kind}.csv", "\n".join(lines).encode())
        store.put(f"inbox/AF0-{kind}.csv.done", b"")
    place = f"{store.root}/inbox"
    with running_system(tmp_path, **settings_for(tmp_path, place, partner), **store.environment) as system:
        release = store.hold(MOMENTS[moment])
        process = system.start("import_csv", "--watch", place, "--send")
        wait_until(lambda: store.held, seconds=60, what=moment)
        kill(process)
        store.heal()
        release()
        assert_ends_well(system, partner, place)
    assert store.names() == ["inbox/done/AF0-customers.csv", "inbox/done/AF0-purchases.csv"]


@pytest.mark.parametrize("moment", ["before the partner answers", "after the partner answered"])
def test_killed_while_sending(inbox: Path, system: System, partner: Partner, moment: str) -> None:
    drop(inbox, 0)
    process = system.start("import_csv", "--watch", str(inbox), "--send")

    def kill_it(_: Received) -> None:
        if process.poll() is None:
            kill(process)

    if moment == "before the partner answers":
        partner.on_received = kill_it
    else:
        partner.on_answered = kill_it
    wait_until(lambda: process.poll() is not None, seconds=60, what=moment)
    assert_ends_well(system, partner, str(inbox))
    assert names(inbox / "done") == ["AF0-customers.csv", "AF0-purchases.csv"]


def assert_ends_well(system: System, partner: Partner, place: str) -> None:
    """Have another process look, which ends when it is asked to; each customer has arrived once."""
    process = system.start("import_csv", "--watch", place, "--send")
    wait_until(lambda: arrived(partner) == everybody(1), seconds=60, what="everybody's arrival")
    system.start_web()
    wait_until(lambda: pickups(system) == ["done"], seconds=30, what="the pickup's end")
    process.terminate()
    assert process.wait(30) == 0
    completed = [run for run in system.get("imports") if run["status"] == "completed"]
    assert [run["customers"]["inserted"] for run in completed] == [ROWS], "imported once"
