"""The operator's day: files with a bad row until they are delivered, and a partner that was away."""

from collections.abc import Iterator
from typing import Literal

import pytest
import requests
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.house import House
from tests.browser.watching import barriers, overflow
from tests.fakes.faulty import wait_until

SAMPLES = {
    "customers_file_path": "sample_data/customers.csv",
    "purchased_file_path": "sample_data/purchases.csv",
}
CUSTOMERS = """customer_id;title;lastname;firstname;postal_code;city;email
9001;1;Operator;Olga;1000;Ljubljana;olga@example.com
"""
MOST_TABS = 120
PURCHASES = """purchase_identifier;customer_id;product_id;quantity;price;currency;date
9001/01;9001;0071;1;91.2;EUR;2024-11-03
9001/02;9001;5500;0;4.5;EUR;2024-11-03
"""


@pytest.fixture
def operator(page: Page, house: House) -> Iterator[Page]:
    """The admin, as an operator sees it."""
    house.sign_in(page.context, "operator")
    yield page
    house.partner.down = False


def hand_over(page: Page, customers: str, purchases: str, *, dry_run: bool) -> None:
    """Import two files with the form, and wait for the report."""
    page.goto("/admin/inflight/importrun/")
    page.get_by_role("link", name="Import files").click()
    for label, text in (("Customers", customers), ("Purchases", purchases)):
        payload: FilePayload = {"name": f"{label.lower()}.csv", "mimeType": "text/csv", "buffer": text.encode()}
        page.get_by_label(label).set_input_files(payload)
    page.get_by_label("Dry run").set_checked(dry_run)
    page.get_by_role("button", name="Import files").click()


def confirm(page: Page, operation: str) -> None:
    """Choose an operation on a row's page, and say that it is meant."""
    page.get_by_role("link", name=operation).click()
    page.get_by_role("button", name=operation).click()


def send(page: Page, house: House, which: str) -> str:
    """Send customers; return the path of the delivery, of which a worker has done what it could."""
    page.goto("/admin/inflight/delivery/")
    page.get_by_role("link", name="Send customers").click()
    page.get_by_label(which).check()
    page.get_by_role("button", name="Send customers").click()
    expect(page.get_by_text("Started delivery")).to_be_visible()
    return "deliveries/" + page.url.rstrip("/").split("/")[-2]


def wait_for(house: House, delivery: str, status: str) -> None:
    wait_until(lambda: house.system.get(delivery)["status"] == status, what=f"{delivery} being {status}")


def test_a_bad_row_is_found_mended_and_delivered(operator: Page, house: House) -> None:
    page = operator
    hand_over(page, CUSTOMERS, PURCHASES, dry_run=True)
    report = page.get_by_role("region", name="Report")
    expect(report).to_contain_text("nothing has been changed")
    expect(report.get_by_role("region", name="Rejected rows")).to_contain_text("'0' is not a positive whole number")
    assert barriers(page) == []

    confirm(page, "Import these files")
    expect(report).to_contain_text("Done.")
    with page.expect_download() as coming:
        report.get_by_role("link", name="Download them").click()
    rejects = coming.value.path().read_text()
    assert "9001/02" in rejects

    mended = rejects.replace("5500;0;", "5500;2;")
    hand_over(page, mended, mended, dry_run=False)
    expect(report).to_contain_text("Done.")
    expect(report.get_by_role("region", name="Rejected rows")).to_have_count(0)

    wait_for(house, send(page, house, "New, or changed"), "delivered")
    page.reload()
    expect(page.get_by_text("delivered", exact=False).first).to_be_visible()
    olga = next(each for each in house.partner.customers if each["email"] == "olga@example.com")
    assert [(each["product_id"], each["quantity"]) for each in olga["purchases"]] == [("0071", 1), ("5500", 2)]


THREE_BAD = """purchase_identifier;customer_id;product_id;quantity;price;currency;date
{0}/01;{0};0071;0;91.2;EUR;2024-11-03
{0}/02;{0};5500;1;4,5 EUR;EUR;2024-11-03
{0}/03;{0};5501;1;4.5;EUR;03/11/2024
"""
MENDED = {"quantity, line 2": "2", "price, line 3": "4.50", "date, line 4": "2024-11-03"}


def with_three_bad_cells(page: Page, number: str) -> None:
    """Import two files of which three cells are wrong, and go to where they are mended."""
    hand_over(
        page, CUSTOMERS.replace("9001", number).replace("olga@", f"{number}@"), THREE_BAD.format(number), dry_run=False
    )
    expect(page.get_by_role("region", name="Rejected rows")).to_contain_text("'0' is not a positive whole number")


def assert_arrived(page: Page, house: House, number: str) -> None:
    delivery = "deliveries/" + page.url.rstrip("/").split("/")[-2]
    wait_for(house, delivery, "delivered")
    olga = next(each for each in house.partner.customers if each["email"] == f"{number}@example.com")
    bought = [(each["product_id"], each["quantity"], each["price"]) for each in olga["purchases"]]
    assert bought == [("0071", 2, 91.2), ("5500", 1, 4.5), ("5501", 1, 4.5)]


def test_three_rejected_cells_are_mended_in_place_and_sent(operator: Page, house: House) -> None:
    page = operator
    with_three_bad_cells(page, "9101")
    page.get_by_role("link", name="Correct the rejected rows").click()
    for width, height in ((1440, 900), (375, 800)):
        page.set_viewport_size({"width": width, "height": height})
        assert barriers(page) == []
        assert overflow(page) == 0
    page.set_viewport_size({"width": 1280, "height": 800})
    for label, text in (MENDED | {"date, line 4": "3 November"}).items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Import the corrected rows").click()

    expect(page.get_by_text("2 rows were imported; 1 is still invalid.")).to_be_visible()
    wrong = page.get_by_label("date, line 4")
    expect(wrong).to_have_value("3 November")
    expect(wrong).to_have_accessible_description("'3 November' is not a date YYYY-MM-DD, with or without a time")
    wrong.fill("2024-11-03")
    page.get_by_role("button", name="Import the corrected rows").click()

    expect(page.get_by_text("No rejected rows are left.")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="Send customers").click()
    page.get_by_role("button", name="Send customers").click()
    assert_arrived(page, house, "9101")


def test_three_rejected_cells_are_mended_and_sent_by_keyboard_alone(operator: Page, house: House) -> None:
    page, keys = operator, operator.keyboard
    with_three_bad_cells(page, "9102")

    def tab_to(role: Literal["link", "button"], name: str) -> None:
        wanted = page.get_by_role(role, name=name, exact=True).last
        for _ in range(MOST_TABS):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            keys.press("Tab")
        pytest.fail(f"no way to {name} by the keyboard")

    tab_to("link", "Correct the rejected rows")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Purchases")).to_be_visible()
    for label, text in MENDED.items():
        column, line = label.split(", ")
        page.locator("body").press("Home")
        tab_to("link", f"{line}, {column}")
        keys.press("Enter")  # to the cell
        expect(page.get_by_label(label)).to_be_focused()
        keys.press("Control+A")
        keys.type(text)
    keys.press("Enter")

    expect(page.get_by_text("3 rows were imported.")).to_be_visible()
    tab_to("link", "Send customers")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Send customers").last).to_be_visible()
    tab_to("button", "Send customers")
    keys.press("Enter")
    expect(page.get_by_text("Started delivery")).to_be_visible()
    assert_arrived(page, house, "9102")


def test_a_delivery_that_waits_is_retried_when_the_partner_is_back(operator: Page, house: House) -> None:
    page = operator
    requests.post(f"{house.url}/api/import-csv", json=SAMPLES, timeout=30).raise_for_status()
    house.partner.down = True
    delivery = send(page, house, "All:")
    wait_for(house, delivery, "waiting")

    page.goto("/admin/")
    page.locator("dt:has-text('waiting; next attempt') + dd").get_by_role("link").click()
    report = page.get_by_role("region", name="Report")
    expect(report.get_by_role("region", name="What happened")).to_contain_text("connection failed or was dropped")
    expect(report).to_contain_text("a worker tries again at")
    assert barriers(page) == []

    house.partner.down = False
    known = len(house.partner.accepted)
    confirm(page, "Retry now")
    wait_for(house, delivery, "delivered")
    assert len(house.partner.accepted) == known + 1
    page.reload()
    assert barriers(page) == []
    expect(report.get_by_role("region", name="What happened")).to_contain_text("acknowledged")
