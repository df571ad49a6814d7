"""Log in and out through a real OpenID provider, a real SAML provider, and with a second factor."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.airline import Airline, running_airline
from tests.browser.watching import Faults, barriers
from tests.sso.codes import code_of


@pytest.fixture(scope="module")
def airline(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airline]:
    """The system and its providers, which all tests of logins share."""
    with running_airline(tmp_path_factory.mktemp("airline")) as airline:
        yield airline


@pytest.fixture
def browser_context_args(airline: Airline) -> dict[str, Any]:
    return {"base_url": airline.url, "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def context(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[BrowserContext]:
    with browser.new_context(**browser_context_args) as context:
        yield context


def log_in_there(page: Page, name: str) -> None:
    """Say at the provider who one is."""
    expect(page.get_by_role("heading", name="The provider")).to_be_visible()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page, airline: Airline) -> None:
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="Log out there as well").click()
    expect(page).to_have_url(f"{airline.url}/logged-out")
    expect(page.get_by_role("link", name="Log out there as well")).to_have_count(0)
    page.goto("/workbench")
    expect(page.get_by_role("heading", name="Log in", exact=True)).to_be_visible()


def test_somebody_logs_in_and_out_by_openid_connect(page: Page, airline: Airline) -> None:
    page.goto("/admin/")
    expect(page.get_by_role("link", name="Log in with SAML")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="Log in with OpenID Connect").click()
    log_in_there(page, "olga")
    expect(page).to_have_url(f"{airline.url}/admin/")
    expect(page.get_by_role("link", name="Send customers")).to_be_visible()
    page.goto("/workbench")
    expect(page.get_by_text("olga")).to_be_visible()
    log_out(page, airline)
    assert airline.openid.logouts[-1]["client_id"] == "apron"


def test_somebody_logs_in_and_out_by_saml(page: Page, airline: Airline) -> None:
    page.goto("/workbench")
    page.get_by_role("link", name="Log in with SAML").click()
    log_in_there(page, "bea")
    page.get_by_role("button", name="Continue").click()  # scripts of the provider's page do that elsewhere
    expect(page).to_have_url(f"{airline.url}/workbench")
    expect(page.get_by_text("bea", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Upload")).to_be_visible()  # she is an analyst
    log_out(page, airline)
    assert airline.saml.logouts[-1] == "bea"


def test_who_is_in_no_group_is_told_so(page: Page, airline: Airline, faults: Faults) -> None:
    airline.saml.people["eve"] = ["all-staff"]
    faults.expect("/sso/saml/acs/finish")
    page.goto("/login")
    page.get_by_role("link", name="Log in with SAML").click()
    log_in_there(page, "eve")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="You may not use Apron")).to_be_visible()
    assert barriers(page) == []


def test_somebody_sets_up_a_second_factor_and_logs_in_with_it(page: Page) -> None:
    page.goto("/login")
    enter_password(page)
    page.get_by_role("link", name="viewer").click()
    page.get_by_role("link", name="Set it up").click()
    page.get_by_label("Password").fill("viewer")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert barriers(page) == []
    secret = page.locator("code").inner_text()
    page.get_by_label("code").fill(code_of(secret))
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert barriers(page) == []
    recovery = page.locator("pre").inner_text().split()
    assert len(recovery) == 10

    page.get_by_role("button", name="Log out").click()
    page.goto("/login")
    enter_password(page)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    assert barriers(page) == []
    page.get_by_label("Code").fill(recovery[0])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="viewer")).to_be_visible()


def enter_password(page: Page) -> None:
    page.get_by_label("Username").fill("viewer")
    page.get_by_label("Password").fill("viewer")
    page.get_by_role("button", name="Log in").click()
