"""Apron at all of its work: data, imports, deliveries and jobs, without a pause, and what it has acknowledged of them."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.fakes.kafka import Kafka
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMER_HEADER, PURCHASE_HEADER
from tests.processes import System

LATER = {"Prefer": "respond-async"}
COMMANDS = ("run_worker", "relay_data")


class Apron(System):
    """A whole Apron on a database: web, worker, relay, a broker, a partner, files to import and to compute on."""

    def __init__(self, database_url: str, folder: Path, kafka: Kafka, partner: Partner) -> None:
        self.folder, self.kafka, self.partner = folder, kafka, partner
        for name in ("compute", "imports"):
            (folder / name).mkdir()
        (folder / "compute" / "sales.csv").write_text("shop,price\n" + "a,1\nb,2\na,3\n" * 100)
        super().__init__(
            database_url,
            COMPUTE_ROOT=str(folder / "compute"),
            IMPORT_ROOTS=str(folder / "imports"),
            IMPORT_UPLOADS=str(folder / "uploads"),
            CUSTOMERS_API_URL=partner.customers_url,
            DELIVERY_SCHEDULE=",".join(["1"] * 60),
            SEND_BUDGET_SECONDS="2",
            KAFKA_BOOTSTRAP_SERVERS=kafka.address,
            METRICS_DIR=str(folder / "metrics"),
        )
        self.log = folder / "log"
        self.log.touch()

    def start_all(self) -> None:
        """Make the tables, and start web, worker and relay."""
        self.manage("migrate", "-v0", seconds=180)
        self.start_web("--workers", "2", "--respawn-failed-workers")
        for command in COMMANDS:
            self.start(command)

    def post(self, path: str, body: Any, *, later: bool = False) -> requests.Response:
        """Ask for something, to be made anew; jobs want a token."""
        headers = {"Authorization": "Bearer test-token", "Cache-Control": "no-cache"} | (LATER if later else {})
        return requests.post(f"{self.url}/{path}", json=body, headers=headers, timeout=40)

    def read(self, path: str) -> Any:
        """Return the JSON at a path, whoever may read it."""
        response = requests.get(f"{self.url}/{path}", headers={"Authorization": "Bearer test-token"}, timeout=40)
        response.raise_for_status()
        return response.json()

    def write_files(self, name: str, customers: int) -> dict[str, str]:
        """Write files with so many customers, each with a purchase; return the body of an import."""
        ids = [f"{name}-{number}" for number in range(customers)]
        texts = {
            "customers_file_path": [CUSTOMER_HEADER, *(f"{each};2;{each};First;;;" for each in ids)],
            "purchased_file_path": [PURCHASE_HEADER, *(f"{each}/1;{each};P;1;1;EUR;2024-01-01" for each in ids)],
        }
        paths = {field: self.folder / "imports" / f"{name}-{field}.csv" for field in texts}
        for field, lines in texts.items():
            paths[field].write_text("\n".join(lines))
        return {field: str(path) for field, path in paths.items()}


@contextmanager
def apron(database_url: str, folder: Path) -> Iterator[Apron]:
    """Yield an Apron without processes yet; what it is left with is killed."""
    with ExitStack() as stack:
        kafka = stack.enter_context(Kafka())
        partner = stack.enter_context(Partner())
        system = Apron(database_url, folder, kafka, partner)
        stack.callback(system.close)
        try:
            yield system
        except BaseException:
            print((folder / "log").read_text()[-20_000:])  # noqa: T201 - pytest shows it with the failure
            raise


class Work(threading.Thread):
    """Asks for one kind of work over and over until it is stopped, and keeps what was acknowledged."""

    def __init__(self, system: Apron, pause: float) -> None:
        super().__init__(daemon=True)
        self.system = system
        self.told: dict[Any, Any] = {}
        self.outcomes: Counter[str] = Counter()
        self._pause, self._stopping = pause, threading.Event()

    def run(self) -> None:
        turn = 0
        while not self._stopping.is_set():
            turn += 1
            try:
                answer = self.ask(turn)
            except requests.RequestException as error:
                self.outcomes[type(error).__name__] += 1
            else:
                self.outcomes[str(answer.status_code)] += 1
                if answer.ok:
                    self.keep(turn, answer)
            self._stopping.wait(self._pause)

    def stop(self) -> None:
        self._stopping.set()
        self.join(60)
        assert not self.is_alive()

    def ask(self, turn: int) -> requests.Response:
        """Ask for the work of a turn."""
        raise NotImplementedError

    def keep(self, turn: int, answer: requests.Response) -> None:
        """Remember the address of what was accepted."""
        self.told[answer.headers["Location"].removeprefix("/api/")] = turn


class Data(Work):
    """Entries for Kafka: every other one is left to the relay. `told`: contents by id."""

    def ask(self, turn: int) -> requests.Response:
        return self.system.post("data", {"content": f"{self.name} {turn}"}, later=bool(turn % 2))

    def keep(self, turn: int, answer: requests.Response) -> None:
        self.told[answer.json()["id"]] = f"{self.name} {turn}"


class Imports(Work):
    """Imports of new customers: every other one is left to the worker. `told`: turns by address."""

    def ask(self, turn: int) -> requests.Response:
        return self.system.post("import-csv", self.system.write_files(f"{self.name}-{turn}", 20), later=bool(turn % 2))

    def keep(self, turn: int, answer: requests.Response) -> None:
        self.told[f"imports/{answer.json()['id']}"] = f"{self.name}-{turn}"


class Deliveries(Work):
    """Whoever has changed is sent to the partner."""

    def ask(self, turn: int) -> requests.Response:
        return self.system.post("send-customers", {"only": "changed"}, later=True)

    def keep(self, turn: int, answer: requests.Response) -> None:
        self.told[f"deliveries/{answer.json()['id']}"] = turn


class Jobs(Work):
    """Computations, which the runner has to make each time anew."""

    def ask(self, turn: int) -> requests.Response:
        conditions = {"by": ["shop"], "aggregations": {"price": ["sum"]}, "file_path": "sales.csv"}
        return self.system.post("compute/group_by", conditions, later=True)
