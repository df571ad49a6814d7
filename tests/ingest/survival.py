"""Twenty clients at work while parts of a platform die, and what has to be true when all is over."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import requests

from tests.fakes.faulty import wait_until
from tests.fakes.kafka_reader import read_topic
from tests.fakes.platform import Platform

CLIENTS = 20


class Client(threading.Thread):
    """Posts until it is stopped, single records and bulks, waiting and not; remembers every id that it was told."""

    def __init__(self, number: int, url: str, stopped: threading.Event) -> None:
        super().__init__()
        self.told: dict[int, str] = {}
        self.outcomes: Counter[str] = Counter()
        self.published_at: list[float] = []  # when an answer said so
        self._number, self._url, self._stopped = number, url, stopped
        self._run = time.time_ns()

    def run(self) -> None:
        session = requests.Session()
        turn = 0
        while not self._stopped.is_set():
            turn += 1
            contents = [
                f"run {self._run} client {self._number} turn {turn} item {item}"
                for item in range(1 if turn % 5 else 10)
            ]
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
            if "published" in answers[0]["message"]:
                self.published_at.append(time.monotonic())


def survive(platform: Platform, let_die: Callable[[], None]) -> str:
    """Have clients post from before `let_die` to after it, check that nothing is lost or invented, and return the figures."""
    started = time.monotonic()
    stopped = threading.Event()
    clients = [Client(number, platform.url, stopped) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        let_die()
    finally:
        stopped.set()
        for client in clients:
            client.join()
    over = time.monotonic()
    wait_until(lambda: all(is_published for _, is_published in platform.rows().values()), seconds=60, what="the drain")
    drained = time.monotonic() - over

    rows = {entry_id: content for entry_id, (content, _) in platform.rows().items()}
    records = read_topic(platform.kafka.address, platform.topic)
    told = {entry_id: content for client in clients for entry_id, content in client.told.items()}
    outcomes = sum((client.outcomes for client in clients), Counter[str]())
    assert len(told) > 500
    assert outcomes["pending"] > 0 < outcomes["published"]
    assert told.items() <= rows.items()
    assert {record.entry_id: record.json()["content"] for record in records} == rows
    assert all(record.json()["id"] == record.entry_id for record in records)

    moments = sorted(moment for client in clients for moment in client.published_at)
    gap = max(later - earlier for earlier, later in pairwise(moments))
    repeats = len(records) - len({record.entry_id for record in records})
    return (
        f"{len(told)} ids told, {len(rows)} rows, {len(records)} records, {repeats} of them repeats; {dict(outcomes)}; "
        f"longest time without an answer 'published' {gap:.1f} s; drained {drained:.1f} s after; {over - started:.0f} s"
    )
