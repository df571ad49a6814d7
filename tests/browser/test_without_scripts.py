"""Without JavaScript the workbench and a page with a chart say what they have to say."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House
from tests.browser.test_workbench import add, answer_of

ROWS = "shop,price\n" + "".join(f"{('Nice', 'Cannes', 'Menton')[n % 3]},{n}\n" for n in range(250))


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    with browser.new_context(base_url=house.url, java_script_enabled=False) as context:
        house.sign_in(context, "operator")
        yield context.new_page()


def loaded(page: Page) -> None:
    """Load the page again by its link as long as it waits for a job."""
    for _ in range(60):
        again = page.locator("[data-watch] noscript a")
        if not again.count():
            return
        again.first.click()
    raise AssertionError(f"{page.url} still waits")


def test_a_file_is_explored(page: Page, house: House) -> None:
    house.upload("plain.csv", ROWS)
    page.goto("/workbench/files/plain.csv")
    loaded(page)
    first = page.get_by_role("region", name="Rows of the file").locator("tbody tr td").first
    for _ in range(2):
        page.get_by_role("link", name="Next rows").click()
        loaded(page)
    expect(page.get_by_role("heading", name="Rows 201\u2013250")).to_be_visible()
    page.get_by_role("link", name="Previous rows").click()
    loaded(page)
    expect(page.get_by_role("heading", name="Rows 101\u2013200")).to_be_visible()

    add(page, "Filter", column="price", comparison=">", value="100")
    loaded(page)
    expect(first).to_have_text("Menton")
    add(page, "Group by", column="shop")
    add(page, "Compute", figure="count", column="price")
    page.get_by_role("button", name="Run").first.click()
    loaded(page)
    expect(answer_of(page)).to_have_text(["shopprice_count", "Cannes49", "Menton50", "Nice50"])


def test_how_a_file_is_read_is_corrected(page: Page, house: House) -> None:
    house.upload("codes.csv", "code;name\n10;é\n9;à\n", encoding="cp1252")
    page.goto("/workbench/files/codes.csv")
    loaded(page)
    page.get_by_text("Change how the file is read").click()
    form = page.get_by_role("form", name="Type of a column")
    form.get_by_label("Column").select_option("code")
    form.get_by_label("Is read as").select_option("text")
    form.get_by_role("button").click()
    page.wait_for_url(re.compile("types=text"))
    loaded(page)
    expect(page.get_by_role("list", name="Types of columns")).to_contain_text("code · text")
    page.get_by_role("link", name="Do not read code as text").click()
    expect(page.get_by_role("list", name="Types of columns")).to_have_count(0)


def test_a_chart_is_a_table(page: Page, house: House) -> None:
    page.goto("/catalogue/{product}".format(**house.places))
    expect(page.get_by_role("table").first).to_be_visible()
    assert page.get_by_role("table").first.get_by_role("row").count() > 1
