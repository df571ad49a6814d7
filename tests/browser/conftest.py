"""A whole Apron (web, worker; partner, offers service and Kafka on real sockets), seen through the machine's Chromium."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium, launch_arguments
from tests.browser.house import House, running_house
from tests.browser.watching import Faults

expect.set_options(timeout=20_000)  # milliseconds; the machine may have much else to do


@pytest.fixture(scope="session")
def browser_type_launch_args() -> Any:
    """Start the machine's Chromium. Without one the tests are skipped, but not where it would go unseen."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_GET_ONE)
    return launch_arguments(path)


@pytest.fixture(scope="session")
def house(browser_type_launch_args: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The system that all browser tests share; each makes data of its own."""
    with running_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session")
def browser_context_args(house: House) -> dict[str, Any]:
    return {"base_url": house.url, "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def faults(context: BrowserContext) -> Iterator[Faults]:
    """What goes wrong in the browser; nothing may."""
    faults = Faults()
    faults.watch(context)
    yield faults
    assert not faults.found, "\n".join(faults.found)


@pytest.fixture
def page(context: BrowserContext, faults: Faults) -> Page:
    """A page under watch."""
    return context.new_page()
