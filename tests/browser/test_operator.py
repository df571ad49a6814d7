"""The operator's day: files with a bad row until they are delivered, and a partner that was away."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.house import House
from tests.browser.watching import barriers
from tests.fakes.faulty import wait_until

SAMPLES = {
    "customers_file_path": "sample_data/customers.csv",
    "purchased_file_path": "sample_data/purchases.csv",
}
CUSTOMERS = """customer_id;title;lastname;firstname;postal_code;city;email
9001;1;Operator;Olga;1000;Ljubljana;olga@example.com
"""
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

    wait_for(house, send(page, house, "New or changed"), "delivered")
    page.reload()
    expect(page.get_by_text("delivered", exact=False).first).to_be_visible()
    olga = next(each for each in house.partner.customers if each["email"] == "olga@example.com")
    assert [(each["product_id"], each["quantity"]) for each in olga["purchases"]] == [("0071", 1), ("5500", 2)]


def test_a_delivery_that_waits_is_retried_when_the_partner_is_back(operator: Page, house: House) -> None:
    page = operator
    requests.post(f"{house.url}/api/import-csv", json=SAMPLES, timeout=30).raise_for_status()
    house.partner.down = True
    delivery = send(page, house, "All there are")
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
    expect(report.get_by_role("region", name="What happened")).to_contain_text("acknowledged")
