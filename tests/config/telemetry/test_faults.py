"""A collector or a Sentry that is gone, or never answers, costs a line in the log and nothing else."""

import json
import time
from pathlib import Path

import pytest
import requests

from tests.config.telemetry.house import TracedHouse, traced_house
from tests.fakes.faulty import Fault, wait_until

HANGING = Fault(hang_seconds=60)
REQUESTS = 40
EXPORT_SECONDS = 1  # for which the exporter waits for the collector
MOST_SECONDS = 25.0  # for all of them; they would take longer if each waited for it


def lines_of(house: TracedHouse, text: str) -> list[str]:
    assert house.system.log
    lines = [json.loads(line) for line in house.system.log.read_text().splitlines() if line.startswith("{")]
    return [line["message"] for line in lines if text in line["message"]]


@pytest.mark.parametrize("fault", ["hangs", "is gone"])
def test_no_request_waits_for_the_collector_and_the_log_says_it_once(tmp_path: Path, fault: str) -> None:
    with traced_house(
        tmp_path, OTEL_EXPORTER_OTLP_TIMEOUT=f"{EXPORT_SECONDS}", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="4"
    ) as house:
        house.collector.down = fault == "is gone"
        house.collector.fail_next(*[HANGING] * 1000)
        began = time.monotonic()
        for _ in range(REQUESTS):
            house.post("send-customers", json={"dry_run": True})
        assert time.monotonic() - began < MOST_SECONDS
        seen = len(house.collector.received)
        wait_until(lambda: len(house.collector.received) > seen + 2, what="further batches")
        assert len(lines_of(house, "collector of traces")) == 1

        house.collector.down = False
        house.collector.forget_faults()
        wait_until(lambda: len(lines_of(house, "collector of traces")) == 2, seconds=40, what="the end of the fault")
        assert "answers again" in lines_of(house, "collector of traces")[1]
        house.request_span(house.post("send-customers", json={"dry_run": True}))


def test_a_process_ends_though_the_collector_hangs(tmp_path: Path) -> None:
    with traced_house(tmp_path) as house:
        house.collector.fail_next(*[HANGING] * 1000)
        relay = house.system.start("relay_data")
        wait_until(lambda: lines_of(house, "The relay runs"), what="the relay")
        house.post("data", json={"content": "Hello"}, headers={"Prefer": "respond-async"})
        wait_until(lambda: len(house.collector.received) >= 2, what="a batch of each")
        for process in (*house.system.running, relay):
            process.terminate()
            process.wait(15)
        with pytest.raises(requests.ConnectionError):
            house.post("data", json={"content": "Hello"})
