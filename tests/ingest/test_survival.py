"""Everything dies in turn under load; what a client was told is in the table and in the topic, and nothing else."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.fakes.platform import Platform
from tests.ingest.conftest import Broker
from tests.ingest.survival import survive


@pytest.fixture
def platform(kafka: Broker | None, topic: str) -> Iterator[Platform]:
    with tempfile.TemporaryDirectory(prefix="apron-survival-") as folder:
        Path(folder).chmod(0o755)  # as root PostgreSQL runs as another user
        with Platform(Path(folder), kafka=kafka, topic=topic) as running:
            yield running


def let_everything_die(platform: Platform) -> None:
    """Take each part away in turn while the clients go on."""
    started = time.monotonic()

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
    at(24)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_what_was_told_survives_the_death_of_every_part(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("it runs once, with the tests on PostgreSQL")
    platform: Platform = request.getfixturevalue("platform")
    figures = survive(platform, lambda: let_everything_die(platform))
    with capsys.disabled():
        print(f"\nsurvival: {figures}")  # noqa: T201
