"""A visitor follows a price; nobody has to log in."""

import re

import requests
from playwright.sync_api import Page, expect

from tests.browser.charts import chart_of, points_of
from tests.browser.house import House
from tests.browser.watching import barriers
from tests.fakes.faulty import wait_until

SHOP = "shop-at-the-gate"


def make_product(house: House, name: str) -> str:
    """Make a product whose offers have been asked for once; return its id."""
    made = requests.post(f"{house.url}/api/products", json={"name": name}, timeout=30).json()
    wait_until(
        lambda: house.system.get(f"products/{made['id']}")["offers_observed_at"], what="a first look at its offers"
    )
    return str(made["id"])


def refresh(house: House, product_id: str, price: int) -> None:
    """Let the shop ask this price, and have it noticed."""
    house.offers.sell(product_id, (SHOP, price, 5))
    house.system.manage("refresh_offers", "--product", product_id)


def test_the_price_chart_follows_two_refreshes(page: Page, house: House) -> None:
    product = make_product(house, "Wrist watch, steel")
    for price in (1000, 900):
        refresh(house, product, price)

    page.goto("/catalogue")
    page.get_by_label("Name").fill("wrist")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Wrist watch, steel").click()

    expect(page).to_have_url(f"{house.url}/catalogue/{product}")
    said = points_of(chart_of(page, "Prices over time"))
    assert [f"{SHOP}: {price}, 5 in stock" in said[place] for place, price in ((-2, "1,000"), (-1, "900"))] == [
        True,
        True,
    ]
    expect(page.get_by_role("button", name=re.compile(f"^{SHOP}"))).to_contain_text("900 (-10.00%)")
    page.get_by_text("The chart as a table").click()
    told = page.get_by_role("row").filter(has=page.get_by_role("cell", name=SHOP, exact=True))
    expect(told).to_contain_text([re.compile(r"900\s*5"), re.compile(r"1,000\s*5")])
    expect(page.get_by_role("row", name=re.compile(rf"^{SHOP}"))).to_contain_text("900")
    assert barriers(page) == []


def test_a_period_is_chosen(page: Page, house: House) -> None:
    product = make_product(house, "Sunglasses")
    refresh(house, product, 100)  # in stock, which what shops have by themselves is not at every hour

    page.goto(f"/catalogue/{product}")
    page.get_by_role("link", name="1 hour").click()
    expect(page.get_by_role("link", name="1 hour")).to_have_attribute("aria-current", "true")
    expect(page.locator(".chart-legend")).to_contain_text("Best in stock")
    page.get_by_text("Another period").click()
    page.get_by_label("From", exact=True).fill("2020-01-01T00:00")
    page.get_by_label("To", exact=True).fill("2020-02-01T00:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("There was no price in this period.")).to_be_visible()
