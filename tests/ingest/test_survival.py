"""Everything dies in turn under load; what a client was told is in the table and in the topic, and nothing else."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection

from tests.fakes.faulty import wait_until
from tests.fakes.kafka_reader import read_topic
from tests.fakes.platform import TOPIC, Platform

CLIENTS = 20
SECONDS = 24.0


@pytest.fixture
def platform() -> Iterator[Platform]:
    with tempfile.TemporaryDirectory(prefix="apron-survival-") as folder:
        Path(folder).chmod(0o755)  # as root PostgreSQL runs as another user
        with Platform(Path(folder)) as running:
            yield running


class Client(threading.Thread):
    """Posts until the deadline, single records and bulks, waiting and not; remembers every id that it was told."""

    def __init__(self, number: int, url: str, deadline: float) -> None:
        super().__init__()
        self.told: dict[int, str] = {}
        self.outcomes: Counter[str] = Counter()
        self._number, self._url, self._deadline = number, url, deadline

    def run(self) -> None:
        session = requests.Session()
        turn = 0
        while time.monotonic() < self._deadline:
            turn += 1
            contents = [f"client {self._number} turn {turn} item {item}" for item in range(1 if turn % 5 else 10)]
            try:
                self._post(session, contents, {"Prefer": "respond-async"} if turn % 3 == 0 else {})
            except requests.RequestException as error:
                self.outcomes[type(error).__name__] += 1
                session = requests.Session()
            time.sleep(0.3)  # some fifty a second in all: the machine is not what is to be tested

    def _post(self, session: requests.Session, contents: list[str], headers: dict[str, str]) -> None:
        body: Any = [{"content": content} for content in contents]
        response = session.post(self._url, json=body if len(body) > 1 else body[0], headers=headers, timeout=20)
        self.outcomes[str(response.status_code)] += 1
        if response.status_code == 201:
            answers = response.json() if len(body) > 1 else [response.json()]
            for content, answer in zip(contents, answers, strict=True):
                self.told[answer["id"]] = content
                self.outcomes["published" if "published" in answer["message"] else "pending"] += 1


def let_everything_die(platform: Platform, started: float) -> None:
    """Take each part away in turn while the clients go on."""

    def at(second: float) -> None:
        time.sleep(max(0.0, started + second - time.monotonic()))

    at(2)
    with platform.kafka.proxy.away():
        at(7)
    at(10)
    platform.kill_relay()
    at(14)
    platform.kill_web_worker()
    at(18)
    platform.restart_postgresql()


@pytest.mark.timeout(180)
def test_what_was_told_survives_the_death_of_every_part(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("it runs once, with the tests on PostgreSQL")
    platform: Platform = request.getfixturevalue("platform")
    started = time.monotonic()
    clients = [Client(number, platform.url, started + SECONDS) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    let_everything_die(platform, started)
    for client in clients:
        client.join()
    wait_until(lambda: all(is_published for _, is_published in platform.rows().values()), seconds=40, what="the drain")

    rows = {entry_id: content for entry_id, (content, _) in platform.rows().items()}
    records = read_topic([platform.kafka.address], TOPIC)
    told = {entry_id: content for client in clients for entry_id, content in client.told.items()}
    outcomes = sum((client.outcomes for client in clients), Counter[str]())
    repeats = len(records) - len({record.entry_id for record in records})
    with capsys.disabled():
        print(  # noqa: T201
            f"\nsurvival: {len(told)} ids told, {len(rows)} rows, {len(records)} records, {repeats} of them repeats; "
            f"{dict(outcomes)}; {time.monotonic() - started:.0f} s"
        )
    assert len(told) > 500
    assert outcomes["pending"] > 0 < outcomes["published"]
    assert told.items() <= rows.items()
    assert {record.entry_id: record.json()["content"] for record in records} == rows
    assert all(record.json()["id"] == record.entry_id for record in records)
