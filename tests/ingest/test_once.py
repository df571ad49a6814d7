"""A record that is posted many times with the same Idempotency-Key is kept, and published, once."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from ingest.models import DataEntry
from ingest.services import relay_waiting
from tests.config.processes import run_and_kill

pytestmark = pytest.mark.django_db(transaction=True)


def post(body: str = '{"content":"a"}') -> Any:
    return Client().post("/data", body, content_type="application/json", headers={"Idempotency-Key": "k"})


def test_fifty_at_once_make_one_row_and_one_record(arrived: Callable[[], list[Any]]) -> None:
    answers: list[Any] = []
    start = threading.Barrier(50)

    def run() -> None:
        start.wait(30)
        try:
            answers.append(post())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = Counter(answer.status_code for answer in answers)
    assert (statuses.keys() <= {201, 409}, statuses[201] >= 1, sum(statuses.values())) == (True, True, 50)
    assert (DataEntry.objects.count(), len(arrived())) == (1, 1)


KILLED = """
import signal
from django.test import Client
from {package} import {module}
{module}.{name} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
Client(SERVER_NAME="localhost").post(
    "/data", '{{"content":"a"}}', content_type="application/json", headers={{"Idempotency-Key": "k"}})
"""


@pytest.mark.parametrize(("path", "name"), [("ingest.services", "_publish"), ("ingest.api.viewsets", "_accepted")])
def test_killed_before_its_answer_it_is_still_one_of_each(
    arrived: Callable[[], list[Any]], settings: Any, path: str, name: str
) -> None:
    broker = {"KAFKA_BOOTSTRAP_SERVERS": settings.KAFKA_BOOTSTRAP_SERVERS[0], "KAFKA_TOPIC": settings.KAFKA_TOPIC}
    package, _, module = path.rpartition(".")
    run_and_kill(KILLED.format(package=package, module=module, name=name), **broker)
    assert (post().status_code, post()["Idempotent-Replayed"], DataEntry.objects.count()) == (201, "true", 1)
    DataEntry.objects.filter(published_at=None).update(claimed_until="2000-01-01T00:00:00Z")  # its holder is dead
    relay_waiting(seconds=10)
    assert len(arrived()) == 1
