"""A service, and a client of ours that calls it."""

from collections.abc import Iterator

import pytest

from config.http.client import Client
from tests.config.http.service import Service


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        yield server


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(role="the service", connect_timeout=2, read_timeout=2, max_body=100_000) as opened:
        yield opened
