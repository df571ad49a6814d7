"""A reader changes the language, and sees times by their own clock."""

import re
from contextlib import closing

from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House


def test_the_switch_turns_a_page_and_its_scripts_french_by_keyboard_alone(page: Page, house: House) -> None:
    page.goto("/catalogue")
    expect(page.get_by_role("heading", name="Catalogue")).to_be_visible()
    switch = page.get_by_role("button", name="Français")
    switch.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rechercher")).to_be_visible()
    expect(page).to_have_url(f"{house.url}/catalogue")
    expect(page.get_by_role("button", name=re.compile("comme le système"))).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Search")).to_be_visible()


def test_a_time_is_shown_by_the_readers_clock_with_utc_in_the_tooltip(browser: Browser, house: House) -> None:
    with closing(browser.new_context(base_url=house.url, locale="fr-FR", timezone_id="Asia/Tokyo")) as context:
        page = context.new_page()
        page.goto("/catalogue")
        time = page.locator("time[data-moment]").first
        expect(time).to_have_attribute("title", re.compile(" UTC$"))
        at = time.evaluate(
            "time => new Intl.DateTimeFormat('fr-FR', {dateStyle: 'medium', timeStyle: 'short', timeZone: 'Asia/Tokyo'})"
            ".format(new Date(time.dateTime))"
        )
        expect(time).to_have_text(at)


def test_a_period_is_chosen_by_the_readers_clock(browser: Browser, house: House) -> None:
    with closing(browser.new_context(base_url=house.url, locale="fr-FR", timezone_id="Asia/Tokyo")) as context:
        page = context.new_page()
        page.goto(f"/catalogue/{house.places['product']}")
        page.get_by_text("Une autre période").click()
        page.get_by_label("Du", exact=True).fill("2020-01-01T09:00")
        page.get_by_label("Au", exact=True).fill("2020-02-01T09:00")
        page.get_by_role("button", name="Afficher").click()
        expect(page).to_have_url(re.compile(r"start=2020-01-01T00%3A00&end=2020-02-01T00%3A00$"))
        expect(page.get_by_label("Du", exact=True)).to_have_value("2020-01-01T09:00")
