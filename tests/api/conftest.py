"""The whole of Apron in processes, with rows of every kind, for those who call it from outside."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.faulty import wait_until
from tests.fakes.kafka import Kafka
from tests.fakes.offers import Offers
from tests.fakes.partner import Partner
from tests.processes import ROOT, System, running_system

TOKEN = {"Authorization": "Bearer test-token"}


def call(system: System, method: str, path: str, **arguments: Any) -> Any:
    """Return the answer to a call that must succeed."""
    response = requests.request(method, f"{system.url}/{path}", headers=TOKEN, timeout=60, **arguments)
    response.raise_for_status()
    return response.json()


def fill(system: System) -> None:
    """Make a row of each kind."""
    sample = ROOT / "sample_data"
    paths = {"customers_file_path": "customers.csv", "purchased_file_path": "purchases.csv"}
    call(system, "POST", "import-csv", json={name: str(sample / file) for name, file in paths.items()})
    call(system, "POST", "send-customers", json={})
    call(system, "POST", "products", json={"name": "Lawn mower"})
    call(system, "POST", "metadata", json={"name": "flights", "payload": {"sourceName": "flights"}})
    call(system, "POST", "data", json={"content": "a"})
    call(system, "PUT", "compute/files/sales.csv", data=b"shop,price\na,1\nb,2\n")
    call(system, "POST", "compute/stats", json={"file_path": "sales.csv", "columns": ["price"]})
    wait_until(lambda: call(system, "GET", "products")[0]["registration"] == "registered", seconds=60)


@pytest.fixture(scope="module")
def outside() -> Iterator[dict[str, str]]:
    """What Apron talks to, and where it is."""
    with ExitStack() as stack:
        partner = stack.enter_context(Partner())
        offers = stack.enter_context(Offers())
        kafka = stack.enter_context(Kafka())
        yield {
            "CUSTOMERS_API_URL": partner.customers_url,
            "OFFERS_BASE_URL": offers.base_url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.address,
        }


@pytest.fixture(scope="module")
def run(outside: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start a system with some settings, which runs until the tests of the module have ended."""
    with ExitStack() as stack:

        def start(**environment: str) -> System:
            folder: Path = tmp_path_factory.mktemp("system")
            settings = {
                "COMPUTE_ROOT": str(folder / "compute"),
                "SEND_BUDGET_SECONDS": "1",
                "COMPUTE_WAIT_SECONDS": "5",
            }
            system = stack.enter_context(running_system(folder, **outside, **settings, **environment))
            system.start("run_worker")
            system.start_web()
            fill(system)
            return system

        yield start
