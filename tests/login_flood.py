"""Wrong logins by the thousand against a running Apron, and how long /health takes meanwhile; for a test and a benchmark."""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from tests.processes import System

NAME, PASSWORD = "ana", "a-good-password"
MAKE_ANA = (
    f"from django.contrib.auth.models import User; User.objects.create_superuser({NAME!r}, password={PASSWORD!r})"
)
ADDRESSES = [f"198.51.100.{number}" for number in range(50)]
WEB_OPTIONS = ("--workers", "2")

# In a process of its own: threads that attack would make it wait for their interpreter.
WATCH = """import http.client, sys, threading, time
ends = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ends.set()), daemon=True).start()
while not ends.wait(0.02):
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
    connection.request("GET", "/api/health")
    connection.getresponse().read()
    print(time.monotonic() - started, flush=True)
    connection.close()
"""


class Browser:
    """Logs in as a browser does, from an address behind our proxy."""

    def __init__(self, system: System, address: str) -> None:
        self._login = system.url.removesuffix("/api") + "/login"
        self._session = requests.Session()
        self._session.headers.update({"X-Forwarded-For": address, "Accept": "text/html"})
        self.reload()

    def reload(self) -> None:
        """Load the login page, with no session."""
        self._session.cookies.pop("sessionid", None)
        page = self._session.get(self._login, timeout=60).text
        self._csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]  # type: ignore[index]

    def log_in(self, password: str, name: str = NAME) -> requests.Response:
        data = {"csrfmiddlewaretoken": self._csrf, "username": name, "password": password}
        return self._session.post(self._login, data, timeout=60, allow_redirects=False)


def browsers(system: System) -> list[Browser]:
    """Return a browser at each of the addresses."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda address: Browser(system, address), ADDRESSES))


@dataclass
class Outcome:
    """What an attack was answered, and how long /health took meanwhile, in ascending order."""

    statuses: Counter[int]
    longest_wait: int
    seconds: float
    health: list[float]


def attack(system: System, senders: Sequence[Browser], names: Sequence[str]) -> Outcome:
    """Send a wrong password for each name, from all senders in turn, sixteen at a time."""

    def guess(number: int) -> tuple[int, int]:
        answer = senders[number % len(senders)].log_in(f"wrong {number}", names[number])
        return answer.status_code, int(answer.headers.get("Retry-After", 0))

    with watching_health(system) as health:
        started = time.monotonic()
        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(guess, range(len(names))))
        seconds = time.monotonic() - started
    waits = [wait for _, wait in answers]
    return Outcome(Counter(status for status, _ in answers), max(waits), seconds, health)


@contextmanager
def watching_health(system: System) -> Iterator[list[float]]:
    """Ask /health again and again; the list has, at the end, how long the answers took."""
    found: list[float] = []
    command = [sys.executable, "-c", WATCH, str(system.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout
        watch.stdout.readline()
        yield found
        found += sorted(map(float, watch.communicate(timeout=60)[0].split()))


def percentile(ascending: Sequence[float], percent: float) -> float:
    """Return what so many percent of the values do not exceed."""
    return ascending[int(percent / 100 * (len(ascending) - 1))]


def most_checks(free: int, seconds: float) -> int:
    """Return how many passwords for one account may be looked at: the free ones, and as 1, 2, 4, … seconds are over."""
    return free + sum(1 for doubling in range(10) if 2 ** (doubling + 1) - 1 <= seconds)
