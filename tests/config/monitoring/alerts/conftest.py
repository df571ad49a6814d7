"""A source of conditions for tests, alone, and a receiver."""

from collections.abc import Iterator
from typing import Any

import pytest

from config.monitoring.alerts import sources
from config.monitoring.alerts.sources import Condition
from tests.alerting import receiving
from tests.fakes.alert_receiver import AlertReceiver


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> list[Condition]:
    """What is wrong, as the only source there is reports it."""
    reported: list[Condition] = []
    monkeypatch.setattr(sources, "_sources", {})
    sources.register("test", lambda _: reported)
    return reported


@pytest.fixture
def receiver(settings: Any) -> Iterator[AlertReceiver]:
    with receiving(settings) as server:
        yield server
