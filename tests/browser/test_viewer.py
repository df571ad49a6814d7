"""Who may only look sees everything, and nothing to press."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House
from tests.browser.watching import Faults

NOT_FOR_THEM = [
    "/admin/inflight/importrun/import_files/",
    "/admin/inflight/delivery/send/",
    "/admin/catalog/product/add/",
]


def test_a_viewer_finds_no_way_to_change_anything(page: Page, house: House) -> None:
    house.sign_in(page.context, "viewer")
    page.goto("/admin/inflight/importrun/")
    expect(page.get_by_role("link", name="Customers")).to_be_visible()
    expect(page.get_by_role("link", name="Import files")).to_have_count(0)
    page.goto("/admin/inflight/delivery/")
    expect(page.get_by_role("link", name="Send customers")).to_have_count(0)
    page.goto("/workbench")
    expect(page.get_by_text("You may view files and results.")).to_be_visible()
    expect(page.get_by_role("button", name="Upload")).to_have_count(0)


@pytest.mark.parametrize("address", NOT_FOR_THEM)
def test_what_a_viewer_may_not_do_is_refused(page: Page, house: House, faults: Faults, address: str) -> None:
    faults.expect(address)
    house.sign_in(page.context, "viewer")
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("address", ["/admin/", "/workbench"])
def test_a_stranger_is_asked_to_log_in(page: Page, address: str) -> None:
    page.goto(address)
    expect(page).to_have_url(re.compile(r"/login"))
    page.goto("/catalogue")
    expect(page.get_by_role("heading", name="Catalogue")).to_be_visible()


def test_a_list_is_taken_away_as_it_is_searched(page: Page, house: House) -> None:
    house.sign_in(page.context, "viewer")
    page.goto("/admin/django_q/schedule/?q=inflight.tasks")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    header, *lines = Path(download.value.path()).read_text().splitlines()
    assert download.value.suggested_filename.startswith("scheduled-tasks-")
    assert header.startswith("Func")
    assert lines
    assert {line.startswith("inflight.tasks.") for line in lines} == {True}
