"""Twenty clients at work while brokers, relay, web and PostgreSQL die: nothing told is lost, nothing is invented."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.platform import Platform
from tests.ingest.survival import survive
from tests.real.kafka.cluster import KafkaCluster

TOPIC = "survival"


@pytest.fixture(scope="module")
def platform(kafka: KafkaCluster) -> Iterator[Platform]:
    kafka.make_topic(TOPIC)
    with tempfile.TemporaryDirectory(prefix="apron-survival-") as folder:
        Path(folder).chmod(0o755)  # as root PostgreSQL runs as another user
        with Platform(Path(folder), kafka=kafka, topic=TOPIC) as running:
            yield running


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Lines to show when the test is over."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        print(f"\n{request.node.name}: {'; '.join(lines)}")  # noqa: T201


@pytest.mark.long
def test_the_leader_killed_under_load(kafka: KafkaCluster, platform: Platform, report: list[str]) -> None:
    def kill_and_start_again() -> None:
        time.sleep(3)
        leader = kafka.leader(TOPIC)
        leader.kill()
        time.sleep(15)
        leader.start()
        kafka.wait_until_whole()

    report.append(survive(platform, kill_and_start_again))


@pytest.mark.long
def test_a_rolling_restart(kafka: KafkaCluster, platform: Platform, report: list[str]) -> None:
    def restart_each() -> None:
        for node in (*kafka.brokers.values(), kafka.controller):
            node.stop()
            node.start()
            kafka.wait_until_whole()

    report.append(survive(platform, restart_each))


def test_everything_killed_in_turn(kafka: KafkaCluster, platform: Platform, report: list[str]) -> None:
    def kill_each() -> None:
        time.sleep(2)
        leader = kafka.leader(TOPIC)
        leader.kill()
        time.sleep(2)
        platform.kill_relay()
        time.sleep(4)
        platform.kill_web_worker()
        time.sleep(4)
        leader.start()
        platform.restart_postgresql()
        time.sleep(4)
        for node in kafka.brokers.values():
            node.kill()
        for node in kafka.brokers.values():
            node.start()
        kafka.wait_until_whole()
        time.sleep(3)

    report.append(survive(platform, kill_each))
