"""Every page, full of the demo's data, in both languages: an empty console, no barrier, room on a phone, light and dark."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Literal

import pytest
from django.contrib import admin
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.house import House
from tests.browser.watching import barriers, overflow

Scheme = Literal["light", "dark"]
# Swagger fades colours over; in the middle of that they have less contrast than before and after.
END_TRANSITIONS = (
    """document.getAnimations().filter(each => each instanceof CSSTransition).forEach(each => each.finish())"""
)
# All that is folded up is looked at; five rows say of a table what there is to say (some have a tbody each).
OPEN_AND_SHORTEN = """
    document.querySelectorAll("details").forEach((closed) => { closed.open = true })
    document.querySelectorAll("tbody:nth-of-type(n + 6), tbody tr:nth-child(n + 6)").forEach((row) => row.remove())
"""
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=375, height=812)
# Between them both languages show all four: what is translated has the same colours and the same frame.
LOOKS: dict[str, tuple[tuple[Scheme, ViewportSize], ...]] = {
    "en": (("light", DESK), ("dark", PHONE)),
    "fr": (("dark", DESK), ("light", PHONE)),
}
admin.autodiscover()
ADMIN = ["/admin/", *(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry)]


PUBLIC = ["/", "/login", "/logged-out", "/catalogue", "/catalogue/{product}", "/api/docs"]
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

pytestmark = pytest.mark.usefixtures("faults")


@pytest.fixture(scope="module")
def context(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[BrowserContext]:
    """One for all pages, which so load only once what they share."""
    with closing(browser.new_context(**browser_context_args)) as context:
        yield context


@pytest.fixture(scope="module")
def page(context: BrowserContext) -> Page:
    return context.new_page()


def look(page: Page, scheme: Scheme, window: ViewportSize) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(window)
    page.evaluate(END_TRANSITIONS)


def faults_of(page: Page) -> list[str]:
    """Return what is wrong with the page as it looks now."""
    excess = overflow(page)
    return barriers(page) + ([f"{excess} pixels wider than the window"] if excess else [])


def show(page: Page, house: House, language: str, address: str) -> None:
    """Fail, naming it all, when something is wrong with the page in one of the language's looks."""
    page.context.add_cookies([{"name": "django_language", "value": language, "url": house.url}])
    look(page, *LOOKS[language][0])
    page.goto(address.format(**house.places))
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1, h2").first).to_be_visible()
    page.evaluate(OPEN_AND_SHORTEN)
    faults = list[str]()
    for scheme, window in LOOKS[language]:
        look(page, scheme, window)
        if scheme == "dark" and address.startswith("/admin/"):  # dark by a class, which follows the system
            expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b"))
        faults += [f"{scheme}, {window['width']} pixels wide: {fault}" for fault in faults_of(page)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", LOOKS)
@pytest.mark.parametrize("address", PUBLIC)
def test_a_page_is_for_everyone(page: Page, house: House, address: str, language: str) -> None:
    page.context.clear_cookies()
    show(page, house, language, address)


@pytest.mark.parametrize("language", LOOKS)
@pytest.mark.parametrize("address", FOR_ANALYSTS + FOR_OPERATORS)
def test_a_page_behind_the_login_is_for_everyone(page: Page, house: House, address: str, language: str) -> None:
    house.sign_in(page.context, "demo")
    show(page, house, language, address)
