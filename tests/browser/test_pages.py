"""Every page, full of the demo's data: nothing in the console, no barrier, and room for it on a phone, in light and dark."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from playwright.sync_api import Page, expect

from tests.browser.house import House
from tests.browser.watching import barriers, overflow

# All that is folded up is looked at; ten rows say of a table what there is to say (some have a tbody each).
OPEN_AND_SHORTEN = """
    document.querySelectorAll("details").forEach((closed) => { closed.open = true })
    document.querySelectorAll("tbody:nth-of-type(n + 11), tbody tr:nth-child(n + 11)").forEach((row) => row.remove())
"""
PHONE = {"width": 390, "height": 844}
ADMIN = ["/admin/", *(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry)]


PUBLIC = ["/", "/login", "/catalogue", "/catalogue/{product}", "/api/docs"]
FOR_ANALYSTS = ["/workbench", "/workbench/jobs", "/workbench/files/inflight_sales.csv", "/workbench/jobs/{job}"]
FOR_OPERATORS = [
    *ADMIN,
    "/admin/inflight/importrun/import_files/",
    "/admin/inflight/delivery/send/",
    "/admin/inflight/importrun/{import}/change/",
    "/admin/inflight/delivery/{delivery}/change/",
    "/admin/catalog/product/{product}/change/",
    "/admin/compute/job/{job}/change/",
]


@pytest.fixture(scope="module")
def places(house: House) -> dict[str, str]:
    """What of the demo's data the addresses above name."""
    return house.play_demo()


def looks(page: Page) -> Iterator[str]:
    """Turn the page to light on a desk, then to dark on a phone."""
    page.emulate_media(color_scheme="light")
    yield "light, wide"
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    yield "dark, narrow"


def show(page: Page, address: str) -> None:
    """Fail, naming it all, when something is wrong with the page in any look."""
    found = []
    page.goto(address)
    expect(page.locator("h1, h2").first).to_be_visible()
    page.evaluate(OPEN_AND_SHORTEN)
    for look in looks(page):
        found += [f"{look}: {barrier}" for barrier in barriers(page)]
        if excess := overflow(page):
            found.append(f"{look}: {excess} pixels wider than the window")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_page_is_for_everyone(page: Page, places: dict[str, str], address: str) -> None:
    show(page, address.format(**places))


@pytest.mark.parametrize("address", FOR_ANALYSTS + FOR_OPERATORS)
def test_a_page_behind_the_login_is_for_everyone(
    page: Page, house: House, places: dict[str, str], address: str
) -> None:
    house.sign_in(page.context, "demo")
    show(page, address.format(**places))
