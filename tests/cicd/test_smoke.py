"""The smoke call passes against the real server and fails against one that answers anything else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from metadata_registry.models import Metadata
from tests.fakes.faulty import FaultyServer, Received

SMOKE = Path(__file__).parents[2] / "cicd" / "smoke.py"
RECORD = {"id": "1", "name": "smoke", "payload": '{ "sourceName": "smoke ✈", "jobCluster": {"min_workers": 1} }'}


def run(address: str, token: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SMOKE), "--wait", "1", address]
    environment = {"PATH": os.environ["PATH"], "API_TOKEN": token}
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)


class AlmostRight(FaultyServer):
    """Answers as documented, but for one call; `wrong` maps "METHOD path" to what it answers instead."""

    def __init__(self, wrong: dict[str, tuple[int, Any]]) -> None:
        super().__init__()
        self.wrong = wrong
        self.deleted = False

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        call = f"{request.method} {request.path}"
        right = {
            "GET /api/health": (200, {}),
            "POST /metadata": (200, RECORD),
            "GET /metadata/1": (404, {}) if self.deleted else (200, RECORD),
            "GET /metadata?name=smoke": (200, [RECORD]),
            "DELETE /metadata/1": (404, {}) if self.deleted else (200, {"deleted": 1}),
        }
        status, body = (right | self.wrong)[call]
        self.deleted = self.deleted or request.method == "DELETE"
        return status, {}, json.dumps(body).encode()


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs beside the live server."""
    monkeypatch.setattr("config.monitoring.health._checks", {})


@pytest.mark.usefixtures("healthy")
def test_passes_against_the_real_server_and_cleans_up(live_server: Any) -> None:
    result = run(live_server.url)
    assert (result.returncode, result.stderr) == (0, "")
    assert not Metadata.objects.filter(deleted_at=None).exists()


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(("token", "status"), [("test-token", 0), ("", 1), ("wrong", 1)])
def test_sends_the_token(live_server: Any, settings: Any, token: str, status: int) -> None:
    settings.REQUIRE_TOKEN = True
    assert run(live_server.url, token).returncode == status


def test_passes_against_a_server_that_is_right() -> None:
    with AlmostRight({}) as server:
        assert run(server.url).returncode == 0


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("GET /api/health", (503, {"status": "down"})),
        ("POST /metadata", (201, RECORD)),
        ("POST /metadata", (200, RECORD | {"payload": "{}"})),
        ("GET /metadata/1", (500, None)),
        ("GET /metadata/1", (200, RECORD | {"name": "other"})),
        ("GET /metadata/1", (200, RECORD)),
        ("GET /metadata?name=smoke", (200, [])),
        ("DELETE /metadata/1", (204, {})),
        ("DELETE /metadata/1", (200, {"deleted": 0})),
    ],
)
def test_fails_when_an_answer_differs(call: str, answer: tuple[int, Any]) -> None:
    with AlmostRight({call: answer}) as server:
        result = run(server.url)
    assert result.returncode == 1
    assert result.stderr.startswith("FAILED: ")


def test_fails_when_nothing_listens(unused_port: int) -> None:
    assert run(f"http://127.0.0.1:{unused_port}").returncode == 1
