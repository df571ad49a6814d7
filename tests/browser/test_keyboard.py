"""The analyst's way by keyboard alone: Tab, Enter, Space, arrows and letters, from the reading to the shared link."""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.charts import tab_to
from tests.browser.house import House
from tests.browser.test_workbench import VENTES, answer_of, see_what_is_shared


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def go_to(page: Page, what: Locator) -> None:
    """Go on by the Tab key until something has the focus, which is seen."""
    tab_to(page, what)
    outline = what.evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline != "none", f"{what} has the focus, and does not show it"


def goes_on_in(page: Page, place: str) -> None:
    """Fail unless a part of the page has the focus, and the next Tab stays in it: nobody begins at the top again."""
    expect(page.locator(f"#{place}")).to_be_focused()
    press(page, "Tab")
    assert page.evaluate("place => document.activeElement.closest(`#${place}`) !== null", place)


def open_form(page: Page, part: str) -> None:
    go_to(page, page.locator("details.adder > summary", has_text=part))
    press(page, "Enter", "Tab")


def ask_by_keyboard(page: Page) -> None:
    """Ask for the sum and the number of the prices of some rows, by the day."""
    for column, sign, value in (
        ("prix", "<", "20,0"),
        ("produit", "", "Café"),
    ):  # equal, unless something else is chosen
        open_form(page, "Filter")
        page.keyboard.type(column)
        press(page, "Tab")
        page.keyboard.type(sign)
        press(page, "Tab")
        page.keyboard.type(value)
        press(page, "Enter")
        page.wait_for_url(re.compile(f"where=[^#]*{column}"))
        goes_on_in(page, "question")
    open_form(page, "Group by")
    page.keyboard.type("vendu")
    press(page, "Tab", "Enter")
    page.wait_for_url(re.compile("by=vendu"))
    for figure in ("sum", "count"):
        open_form(page, "Compute")
        page.keyboard.type(figure)
        press(page, "Tab")
        page.keyboard.type("prix")
        press(page, "Tab", "Enter")
        page.wait_for_url(re.compile(f"compute={figure}"))
    go_to(page, page.get_by_role("button", name="Run").first)
    press(page, "Enter")


def test_an_analyst_goes_the_whole_way_by_keyboard_alone(page: Page, house: House, browser: Browser) -> None:
    house.sign_in(page.context, "operator")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    house.upload("clavier.csv", VENTES, encoding="cp1252")
    page.goto("/workbench/files/clavier.csv")
    expect(page.get_by_text("cp1252, a guess")).to_be_visible()
    go_to(page, page.get_by_role("link", name="Read decimal commas"))
    press(page, "Enter")
    page.wait_for_url(re.compile("decimal"))
    card = page.locator("details.column", has=page.locator(".name", has_text="lot"))
    go_to(page, card.locator("summary").first)
    press(page, "Enter")
    go_to(page, card.get_by_role("link", name="text", exact=True))
    press(page, "Enter")
    page.wait_for_url(re.compile("types="))

    ask_by_keyboard(page)
    expect(answer_of(page)).to_have_count(4)
    goes_on_in(page, "answer")

    figure = page.locator("figure.chart-figure")
    expect(page.get_by_role("application", name=re.compile("prix_sum"))).to_be_visible()
    go_to(page, figure.get_by_role("button", name="Bars"))
    press(page, "Space")
    expect(figure.get_by_role("button", name="Bars")).to_have_attribute("aria-pressed", "true")
    go_to(page, page.get_by_role("combobox", name="Number"))
    press(page, "ArrowDown")
    expect(page.get_by_role("application", name=re.compile("prix_count"))).to_be_visible()
    expect(page.get_by_role("combobox", name="Number")).to_be_focused()

    go_to(page, page.locator("details.adder > summary", has_text="Share"))
    press(page, "Enter")
    go_to(page, page.locator(".shared").get_by_role("button", name="Copy the link"))
    press(page, "Enter")
    expect(page.locator(".shared").get_by_role("status")).to_have_text("Copied.")
    see_what_is_shared(browser, house, page.evaluate("navigator.clipboard.readText()"))
    press(page, "Escape")
    expect(page.locator("details.adder[open]")).to_have_count(0)
    expect(page.locator("details.adder > summary", has_text="Share")).to_be_focused()
