"""What the tests of the delivery share."""

from collections.abc import Iterator

import pytest

from tests.fakes.faulty import free_port


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that nothing listens on."""
    with free_port() as port:
        yield port
