"""The whole of Apron with its stand-ins, as `make run` has it: on free ports, with data of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests
from playwright.sync_api import BrowserContext

from tests.fakes.kafka import Kafka
from tests.fakes.offers import Offers, moving_offers
from tests.fakes.partner import Partner
from tests.processes import ROOT, System, running_system

TOKEN = {"Authorization": "Bearer test-token"}


class House:
    """A running system and what stands around it, after all that `make run` does first.

    `places`: the ids of what is worth looking at.
    """

    def __init__(self, system: System, partner: Partner, offers: Offers) -> None:
        self.system, self.partner, self.offers = system, partner, offers
        self.url = system.url.removesuffix("/api")
        self._sessions: dict[str, str] = {}
        self._worker = psutil.Process(system.start("run_worker").pid)
        system.start_web()
        self.places = self._play_demo()

    def _play_demo(self) -> dict[str, str]:
        environment = self.system.environment | {"DEBUG": "true"}
        demo = [sys.executable, "-m", "sample_data.demo", self.url, "--once"]
        subprocess.run(demo, cwd=ROOT, env=environment, check=True, timeout=120)
        wanted = {
            "product": ("products", "name", "Single malt, 70 cl"),
            "import": ("imports", "status", "completed_with_rejects"),
            "delivery": ("deliveries", "status", "failed"),
            "recovered": ("deliveries?status=delivered", "only", "all"),  # the newest of these had to wait
            "job": ("compute/jobs", "operation", "group_by"),
        }
        return {name: self._first(*what) for name, what in wanted.items()}

    def _first(self, path: str, field: str, value: str) -> str:
        """Return the id of the newest row of a list that has this value in a field."""
        rows = requests.get(f"{self.system.url}/{path}", headers=TOKEN, timeout=30).json()
        return next(str(row["id"]) for row in rows if row[field] == value)

    def upload(self, name: str, text: str, encoding: str = "utf-8") -> None:
        """Put a file where compute finds it."""
        where = f"{self.system.url}/compute/files/{name}?overwrite=true"
        requests.put(where, data=text.encode(encoding), headers=TOKEN, timeout=30).raise_for_status()

    @contextmanager
    def worker_asleep(self) -> Iterator[None]:
        """Let nothing be done in the background for a while."""
        asleep = [self._worker, *self._worker.children(recursive=True)]
        for process in asleep:
            process.suspend()
        try:
            yield
        finally:
            for process in asleep:
                process.resume()

    def sign_in(self, context: BrowserContext, user: str) -> None:
        """Let a browser be this demo user, without the way through the login page."""
        context.add_cookies([{"name": "sessionid", "value": self._session_of(user), "url": self.url}])

    def _session_of(self, user: str) -> str:
        """Return the user's session key; they log in once."""
        if user not in self._sessions:
            with requests.Session() as session:
                page = session.get(f"{self.url}/login", timeout=30)
                token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
                assert token
                form = {"username": user, "password": user, "csrfmiddlewaretoken": token[1]}
                session.post(page.url, data=form, timeout=30).raise_for_status()
                self._sessions[user] = session.cookies["sessionid"]
        return self._sessions[user]


@contextmanager
def running_house(folder: Path) -> Iterator[House]:
    """Start all of it, on the engine of Django's database; `folder` takes what it writes."""
    compute = folder / "compute"
    compute.mkdir()
    with (
        Partner() as partner,
        Offers(profile="today", made_up=moving_offers) as offers,
        Kafka() as kafka,
        running_system(
            folder,
            COMPUTE_ROOT=str(compute),
            CUSTOMERS_API_URL=partner.customers_url,
            OFFERS_BASE_URL=offers.base_url,
            OFFERS_REFRESH_TOKEN=offers.refresh_token,
            KAFKA_BOOTSTRAP_SERVERS=kafka.address,
            DELIVERY_SCHEDULE="600",
            SEND_BUDGET_SECONDS="1",
        ) as system,
    ):
        yield House(system, partner, offers)
