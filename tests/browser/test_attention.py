"""The dashboard's lines of what needs attention: each has the button that mends it, and is gone when it is mended."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.charts import tab_to
from tests.browser.house import House
from tests.browser.test_operator import CUSTOMERS, PURCHASES, hand_over, wait_for
from tests.browser.watching import barriers
from tests.fakes.faulty import Fault

PRODUCTS = "sku;name;category;description\n{good};{name} one;;\n{bad};{name} two;;\n"


pytestmark = pytest.mark.timeout(300)  # many steps of the Tab key, on a machine that others load


@pytest.fixture
def operator(page: Page, house: House) -> Iterator[Page]:
    house.sign_in(page.context, "operator")
    yield page
    house.partner.forget_faults()


def line_of(page: Page, text: str) -> Locator:
    """Return the dashboard's line that begins with a text."""
    page.goto("/admin/")
    return page.get_by_role("region", name="Needs attention").get_by_role("listitem").filter(has_text=text)


def press(page: Page, button: Locator, *, by_keyboard: bool) -> None:
    if by_keyboard:
        tab_to(page, button)
        page.keyboard.press("Enter")
    else:
        button.click()


def number_in(page: Page) -> str:
    """Return the number of the row that the address is of."""
    found = re.search(r"/(\d+)/", page.url)
    assert found, page.url
    return found[1]


def failed_delivery(page: Page, house: House, customer: str) -> str:
    """Have a customer imported and refused by the partner; return the number of the delivery."""
    purchases = PURCHASES.replace("9001", customer).replace("5500;0;", "5500;1;")
    hand_over(page, CUSTOMERS.replace("9001", customer).replace("olga@", f"{customer}@"), purchases, dry_run=False)
    expect(page.get_by_role("region", name="Report")).to_contain_text("Done.")
    house.partner.fail_next(Fault(status=422))
    page.goto("/admin/inflight/delivery/")
    page.get_by_role("link", name="Send customers").click()
    page.get_by_label("New, or changed").check()
    page.get_by_role("button", name="Send customers").click()
    expect(page.get_by_text("Started delivery")).to_be_visible()
    number = number_in(page)
    wait_for(house, f"deliveries/{number}", "failed")
    return number


@pytest.mark.parametrize("by_keyboard", [False, True], ids=["mouse", "keyboard"])
def test_a_failed_delivery_is_retried_from_the_dashboard(operator: Page, house: House, by_keyboard: bool) -> None:
    page = operator
    number = failed_delivery(page, house, "9202" if by_keyboard else "9201")
    line = line_of(page, f"Delivery {number} failed. Customers not delivered: 1.")
    assert barriers(page) == []
    press(page, line.get_by_role("link", name="Retry now"), by_keyboard=by_keyboard)
    expect(page.get_by_role("heading", name="Retry now").last).to_be_visible()
    press(page, page.get_by_role("button", name="Retry now"), by_keyboard=by_keyboard)
    expect(page.get_by_text(f"Retrying: delivery {number}")).to_be_visible()
    wait_for(house, f"deliveries/{number}", "delivered")
    expect(line_of(page, f"Delivery {number} failed")).to_have_count(0)


@pytest.mark.parametrize("by_keyboard", [False, True], ids=["mouse", "keyboard"])
def test_rejected_rows_are_corrected_from_the_dashboard(operator: Page, by_keyboard: bool) -> None:
    page = operator
    name, good, mended = ("Keyed", "71000015", "71000022") if by_keyboard else ("Clicked", "71000039", "71000046")
    page.goto("/admin/catalog/productimport/import_files/")
    text = PRODUCTS.format(name=name, good=good, bad=mended[:-1] + "9")
    payload: FilePayload = {"name": "products.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_label("Products").set_input_files(payload)
    page.get_by_label("Dry run").set_checked(False)
    page.get_by_role("button", name="Import products").click()
    expect(page.get_by_role("region", name="Rejected rows")).to_contain_text("check digit")
    expect(page.locator("[hx-trigger='every 1s']")).to_have_count(0)  # a report that is done is loaded once more
    page.wait_for_load_state("load")
    number = number_in(page)

    line = line_of(page, f"Product import {number} has rejected rows that are not corrected yet.")
    press(page, line.get_by_role("link", name="Correct the rejected rows"), by_keyboard=by_keyboard)
    cell = page.get_by_label("sku, line 3")
    if by_keyboard:
        tab_to(page, cell)
        page.keyboard.press("Control+A")
        page.keyboard.type(mended)
        page.keyboard.press("Enter")
    else:
        cell.fill(mended)
        page.get_by_role("button", name="Import the corrected rows").click()
    expect(page.get_by_text("1 row was imported.")).to_be_visible()
    expect(line_of(page, f"Product import {number} has rejected rows")).to_have_count(0)
