"""Filters of a list that an operator saves: there after the next login, used, and deleted; with the mouse and by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.charts import tab_to
from tests.browser.house import House
from tests.browser.watching import barriers

LIST = "/admin/inflight/delivery/"
FAILED = f"{LIST}?status__exact=failed"


def log_in(page: Page) -> None:
    """Log in with the form, by keyboard: a session of this test's own, which it may end."""
    page.goto(f"/login?next={LIST}")
    page.get_by_label("Username").focus()
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type("operator")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="deliveries").first).to_be_visible()


def log_in_anew(page: Page) -> None:
    page.goto("/workbench")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    log_in(page)


def test_a_filter_is_saved_found_after_the_next_login_used_and_deleted(page: Page, house: House) -> None:
    log_in(page)
    page.goto(FAILED)
    page.get_by_label("Save these filters as").fill("With the mouse")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved the filter “With the mouse”.")).to_be_visible()
    assert barriers(page) == []

    log_in_anew(page)
    saved = page.get_by_role("region", name="Your saved filters")
    saved.get_by_role("link", name="With the mouse").click()
    expect(page).to_have_url(f"{house.url}{FAILED}")
    expect(saved.get_by_role("link", name="With the mouse")).to_have_attribute("aria-current", "true")
    expect(page.locator("#result_list .apron-badge").first).to_have_text("failed")

    page.get_by_role("button", name="Delete the filter With the mouse").click()
    expect(page.get_by_text("Deleted the filter “With the mouse”.")).to_be_visible()
    expect(page.get_by_role("link", name="With the mouse")).to_have_count(0)


@pytest.mark.timeout(300)  # many steps of the Tab key, on a machine that others load
@pytest.mark.parametrize("width", [1440, 375])
def test_a_filter_is_saved_used_and_deleted_by_keyboard_alone(page: Page, house: House, width: int) -> None:
    name = f"By keyboard {width}"
    page.set_viewport_size({"width": width, "height": 900})
    log_in(page)
    page.goto(FAILED)
    tab_to(page, page.get_by_label("Save these filters as"))
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Saved the filter “{name}”.")).to_be_visible()

    log_in_anew(page)
    tab_to(page, page.get_by_role("link", name=name))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{house.url}{FAILED}")

    tab_to(page, page.get_by_role("button", name=f"Delete the filter {name}"))
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Deleted the filter “{name}”.")).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
