"""A running server, and what it holds."""

import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests

from tests.fakes.faulty import wait_until
from tests.processes import System

LISTENS, ORPHAN = "0A", "0"  # in /proc/net/tcp


@dataclass(frozen=True)
class Held:
    """What a worker process holds of the system."""

    threads: int
    connections: tuple[str, ...]  # their states in the kernel, with those that are on their way out
    spooled: int


class Watched:
    """A system's server with one worker."""

    def __init__(self, system: System, pid: int, spool: Path, log: Path) -> None:
        self.system, self.port, self.url = system, system.port, system.url
        self.pid, self.log = pid, log
        (self.worker,) = (int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        self.spool = spool

    def held(self) -> Held:
        """Return what the worker holds now."""
        files = [_target(entry) for entry in Path(f"/proc/{self.worker}/fd").iterdir()]
        return Held(
            threads=len(list(Path(f"/proc/{self.worker}/task").iterdir())),
            connections=tuple(self._connections()),
            spooled=sum(file.startswith(str(self.spool)) for file in files),
        )

    def check_nothing_left(self, before: Held) -> None:
        """Fail unless the worker soon holds no more than it did."""

        def is_as_before() -> bool:
            now = self.held()
            return now.threads <= before.threads and not now.connections and not now.spooled

        wait_until(is_as_before, seconds=40, what=f"the end of all but {before}, not of {self.held()},")

    def check_honest_are_served(self, seconds: float) -> None:
        """Ask and write for `seconds`; fail unless all is answered, and as a rule within a second."""
        took: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            took.append(self._seconds_of_health())
            added = requests.post(
                f"{self.url}/data", json={"content": "honest"}, headers={"Prefer": "respond-async"}, timeout=10
            )
            assert added.status_code == HTTPStatus.CREATED
        assert statistics.median(took) < 1, took

    @contextmanager
    def without_descriptors(self) -> Iterator[None]:
        """Let the worker open nothing for the length of the block."""
        _, most = before = resource.prlimit(self.worker, resource.RLIMIT_NOFILE)
        resource.prlimit(self.worker, resource.RLIMIT_NOFILE, (0, most))
        try:
            yield
        finally:
            resource.prlimit(self.worker, resource.RLIMIT_NOFILE, before)

    def entries(self) -> int:
        """Return how many entries there are."""
        return len(requests.get(f"{self.url}/data", timeout=60).json())

    def _connections(self) -> Iterator[str]:
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if local.endswith(f":{self.port:04X}") and state != LISTENS and inode != ORPHAN:
                yield state

    def _seconds_of_health(self) -> float:
        started = time.monotonic()
        answer = requests.get(f"{self.url}/health", timeout=10)
        assert answer.json()["checks"]["database"]["status"] == "ok"
        return time.monotonic() - started


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except FileNotFoundError:
        return ""
