"""GET /health: 200 when every part works, 503 and which one when not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_q.models import OrmQ
from rest_framework.test import APIClient

from config.models import WorkerHeartbeat
from config.monitoring import health
from tests.config.processes import run_python
from tests.fakes.faulty import free_port

pytestmark = pytest.mark.django_db

ASK = """
from django.test import Client
answer = Client(headers={"host": "localhost"}).get("/api/health")
print(answer.status_code, answer.content.decode())
"""


def beat(*, seconds_ago: float = 0) -> None:
    when = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    WorkerHeartbeat.objects.create(name=f"host:{seconds_ago}", started_at=when, beat_at=when)


def queue_task(*, due_seconds_ago: float) -> None:
    OrmQ.objects.create(key="apron", payload="", lock=datetime.now(UTC) - timedelta(seconds=due_seconds_ago))


@pytest.fixture
def broken_part() -> Iterator[None]:
    """A part whose check fails for a reason that only the log may know."""

    def check() -> dict[str, Any]:
        raise RuntimeError("password=hunter2")

    health.register("broken", check)
    yield
    del health._checks["broken"]


@pytest.mark.parametrize("path", ["/api/health", "/health"])
def test_all_parts_working_is_200(api: APIClient, path: str) -> None:
    beat()
    response = api.get(path)
    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert {part["status"] for part in response.json()["checks"].values()} == {"ok"}


def test_it_tells_of_database_queue_and_worker(api: APIClient) -> None:
    assert {"database", "queue", "worker"} <= api.get("/api/health").json()["checks"].keys()


def test_it_needs_no_token(api: APIClient, settings: Any) -> None:
    settings.REQUIRE_TOKEN = True
    beat()
    assert api.get("/api/health").status_code == 200


def test_no_worker_ever_is_503_and_says_how_to_start_one(api: APIClient) -> None:
    response = api.get("/api/health")
    assert (response.status_code, response.json()["status"]) == (503, "down")
    assert "manage.py run_worker" in response.json()["checks"]["worker"]["detail"]


def test_a_silent_worker_is_503(api: APIClient) -> None:
    beat(seconds_ago=31)
    assert api.get("/api/health").json()["checks"]["worker"]["status"] == "down"


def test_one_living_worker_beside_a_dead_one_is_enough(api: APIClient) -> None:
    beat(seconds_ago=3600)
    beat()
    assert api.get("/api/health").json()["checks"]["worker"]["status"] == "ok"


def test_a_task_that_waits_too_long_is_503(api: APIClient, settings: Any) -> None:
    settings.WORKER_STALL_SECONDS = 10
    beat()
    queue_task(due_seconds_ago=21)
    response = api.get("/api/health")
    assert (response.status_code, response.json()["checks"]["queue"]["status"]) == (503, "down")


def test_a_task_that_waits_for_its_time_is_fine(api: APIClient) -> None:
    beat()
    queue_task(due_seconds_ago=-3600)
    assert api.get("/api/health").json()["checks"]["queue"] == {"status": "ok", "oldest_due_seconds": 0.0}


@pytest.mark.usefixtures("broken_part")
def test_a_check_that_fails_itself_is_503_and_tells_only_the_log_why(
    api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    beat()
    response = api.get("/api/health")
    assert (response.status_code, response.json()["checks"]["broken"]["status"]) == (503, "down")
    assert "hunter2" not in response.content.decode()
    assert "hunter2" in caplog.text


def test_a_database_that_is_away_is_503_before_a_load_balancer_loses_patience() -> None:
    with free_port() as port:
        code = f"{ASK}\nimport time\nbefore = time.monotonic()\n{ASK}\nprint(time.monotonic() - before)"
        said = run_python(code, DATABASE_URL=f"postgres://nobody@127.0.0.1:{port}/nothing").stdout
    _, answer, seconds = said.splitlines()  # the first answer loads the code
    status, _, body = answer.partition(" ")
    assert (status, json.loads(body)["checks"]["database"]["status"]) == ("503", "down")
    assert float(seconds) < 10
