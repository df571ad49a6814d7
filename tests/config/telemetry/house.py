"""The whole of Apron in processes that trace, between stand-ins for all that it talks to."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.fakes.collector import Arrived, Collector
from tests.fakes.faulty import wait_until
from tests.fakes.kafka import Kafka
from tests.fakes.offers import Offers
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMER_HEADER, PURCHASE_HEADER
from tests.processes import System, running_system

TOPIC = "data_topic"
TOKEN = "a-token-that-nothing-may-tell-of"
QUICK_EXPORT = {"OTEL_BSP_SCHEDULE_DELAY": "100"}  # milliseconds


@dataclass
class TracedHouse:
    """A running system, what it talks to, and a folder that imports and compute may read."""

    system: System
    collector: Collector
    partner: Partner
    offers: Offers
    kafka: Kafka
    folder: Path

    def post(self, path: str, *, headers: dict[str, str] | None = None, **arguments: Any) -> requests.Response:
        """Send a request with the token."""
        headers = {"Authorization": f"Bearer {TOKEN}", **(headers or {})}
        response = requests.post(f"{self.system.url}/{path}", headers=headers, timeout=30, **arguments)
        assert response.ok, response.text
        return response

    def import_customers(self, *names: str) -> None:
        """Import customers of these last names, each with a purchase."""
        customers = [CUSTOMER_HEADER, *(f"{n};2;{name};Ada;;;{name}@x.fr" for n, name in enumerate(names))]
        purchases = [PURCHASE_HEADER, *(f"{n}/1;{n};P;1;1;EUR;2024-01-01" for n, _ in enumerate(names))]
        (self.folder / "customers.csv").write_text("\n".join(customers))
        (self.folder / "purchases.csv").write_text("\n".join(purchases))
        paths = {"customers_file_path": "customers.csv", "purchased_file_path": "purchases.csv"}
        self.post("import-csv", json={name: str(self.folder / file) for name, file in paths.items()})

    def wait_for_delivery(self, number: int) -> None:
        """Wait until a delivery has come to its end, so that the next test may begin another."""
        wait_until(
            lambda: self.system.get(f"deliveries/{number}")["status"] == "delivered",
            seconds=60,
            what="the end of the delivery",
        )

    def span(self, wanted: Callable[[Arrived], bool]) -> Arrived:
        """Wait for a span."""
        found = wait_until(lambda: next(filter(wanted, self.collector.spans), None), what="the span")
        assert found
        return found

    def request_span(self, response: requests.Response) -> Arrived:
        """Wait for the span of a request."""
        request_id = response.headers["X-Request-ID"]
        return self.span(lambda span: span.attributes.get("apron.request_id") == request_id)

    def path_to(self, span: Arrived) -> list[Arrived]:
        """Return the spans that lead to a span, from the first on; wait for all of them."""
        path = [span]
        while path[0].parent_id:
            path.insert(0, self.span(lambda each: each.span_id == path[0].parent_id))
        return path


@contextmanager
def traced_house(folder: Path, **environment: str) -> Iterator[TracedHouse]:
    """Yield a house whose web process answers; whoever wants a worker starts it."""
    (folder / "compute").mkdir()
    with ExitStack() as stack:
        collector, partner = stack.enter_context(Collector()), stack.enter_context(Partner())
        kafka = stack.enter_context(Kafka())
        offers = stack.enter_context(Offers(made_up=lambda _: [{"id": "1", "price": 5, "items_in_stock": 1}]))
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            **QUICK_EXPORT,
            "CUSTOMERS_API_URL": partner.customers_url,
            "OFFERS_BASE_URL": offers.base_url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.address,
            "KAFKA_TOPIC": TOPIC,
            "IMPORT_ROOTS": str(folder),
            "COMPUTE_ROOT": str(folder / "compute"),
            "LOG_FORMAT": "json",
            "API_TOKEN": TOKEN,
            **environment,
        }
        system = stack.enter_context(running_system(folder, **environment))
        system.log = folder / "log"
        system.start_web()
        yield TracedHouse(system, collector, partner, offers, kafka, folder)
