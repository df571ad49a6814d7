"""Every page, full of the demo's data: nothing in the console, no barrier, and room for it on a phone, in light and dark."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from playwright.sync_api import Page, expect

from tests.browser.house import House
from tests.browser.watching import barriers, overflow

# Ten rows say of a table what there is to say; in the admin's lists each has a tbody of its own.
SHORTEN_TABLES = """
    document.querySelectorAll("tbody:nth-of-type(n + 11), tbody tr:nth-child(n + 11)").forEach((row) => row.remove())
"""
PHONE = {"width": 390, "height": 844}
ADMIN = ["/admin/", *(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry)]


@pytest.fixture(scope="module", autouse=True)
def _demo(house: House) -> None:
    house.play_demo()


def looks(page: Page) -> Iterator[str]:
    """Turn the page to light on a desk, then to dark on a phone."""
    page.emulate_media(color_scheme="light")
    yield "light, wide"
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    yield "dark, narrow"


def assert_is_for_all(page: Page) -> None:
    """Fail, naming it all, when something is wrong with the page in any look."""
    found = []
    page.evaluate(SHORTEN_TABLES)
    for look in looks(page):
        found += [f"{look}: {barrier}" for barrier in barriers(page)]
        if excess := overflow(page):
            found.append(f"{look}: {excess} pixels wider than the window")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("address", ["/", "/login", "/catalogue", "/api/docs"])
def test_a_page_for_all_is_for_all(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("h1, h2").first).to_be_visible()
    assert_is_for_all(page)


@pytest.mark.parametrize("address", ADMIN)
def test_a_page_of_the_admin_is_for_all(page: Page, house: House, address: str) -> None:
    house.sign_in(page.context, "demo")
    page.goto(address)
    expect(page.locator("h1").first).to_be_visible()
    assert_is_for_all(page)
