"""A folder of its own, a token and, where asked for, a real runner with real children for each test."""

import os
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from compute.files import versions
from compute.jobs.runner import Runner
from tests.fakes.faulty import wait_until

SPARKS_OWN = "test_spark.py"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests with Spark, an extra that wants a Java, unless SPARK_TESTS says how many: `all`, or a `sample`."""
    body = os.environ.get("SPARK_TESTS")
    if body == "all":
        return
    dropped = _beyond_the_sample(items) if body == "sample" else set(filter(_is_with_spark, items))
    config.hook.pytest_deselected(items=list(dropped))
    items[:] = [item for item in items if item not in dropped]


def _is_with_spark(item: pytest.Item) -> bool:
    parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    return item.path.name == SPARKS_OWN or parameters.get("engine") == "spark"


def _beyond_the_sample(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the cases of the tables with Spark, each a second of CPU, but one of every third test.

    Which one is a matter of the test's name, so that of many tests all formats and values have their turn.
    """
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if _is_with_spark(item) and item.path.name != SPARKS_OWN:
            cases[item.nodeid.partition("[")[0]].append(item)
    dropped = set[pytest.Item]()
    for test, of_test in cases.items():
        of_test.sort(key=lambda item: item.nodeid)
        chance = zlib.crc32(test.encode())
        if chance % 3 == 0:
            of_test.pop(chance // 3 % len(of_test))
        dropped.update(of_test)
    return dropped


@pytest.fixture(autouse=True)
def compute_root(settings: Any, tmp_path: Path) -> Path:
    """COMPUTE_ROOT, empty."""
    settings.COMPUTE_ROOT = str(tmp_path / "root")
    settings.COMPUTE_ENGINE = "duckdb"
    settings.COMPUTE_CONCURRENCY = 1
    settings.COMPUTE_THREADS = 1
    settings.COMPUTE_WAIT_SECONDS = 30.0
    settings.JWKS_URL = ""
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def client() -> APIClient:
    """A client with the token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer test-token")
    return client


@pytest.fixture(autouse=True)
def margin(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Say for how long (ns) a file that was written counts as just written: not at all, unless a test says so."""

    def set_margin(nanoseconds: int) -> None:
        for name in ("MARGIN_NS", "WHOLE_SECONDS_MARGIN_NS"):
            monkeypatch.setattr(versions, name, nanoseconds)

    set_margin(0)
    return set_margin


class RunningRunner:
    """A runner in a thread of this process; its children are processes."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.runner: Runner | None = None
        self._thread.start()

    def _run(self) -> None:
        try:
            self.runner = Runner()
            self.runner.run(self._stopping)
        finally:
            connections.close_all()

    def busy_child(self, attempt: int = 1) -> int:
        """Return the process id of a child once it has been given a job for the `attempt`-th time."""
        found = wait_until(partial(self._busy, attempt))
        assert found is not None
        return found

    def _busy(self, attempt: int) -> int | None:
        for post in self.runner.slots if self.runner else []:
            if post.job is not None and post.job.attempts == attempt and post.worker.started:
                return post.worker.pid
        return None

    def stop(self) -> None:
        """Stop as SIGTERM does."""
        self._stopping.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def start_runner(transactional_db: None) -> Iterator[Callable[[], RunningRunner]]:
    """Start a runner when the test is ready for it."""
    running: list[RunningRunner] = []

    def start() -> RunningRunner:
        running.append(RunningRunner())
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def runner(start_runner: Callable[[], RunningRunner]) -> RunningRunner:
    """A runner that runs."""
    return start_runner()
