"""A buyer zooms into a week and compares two products; an operator goes from an hour to its rows. By mouse and by keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.charts import chart_of, points_of, said_of, tab_to
from tests.browser.house import House
from tests.browser.watching import barriers

OTHER = "Silk scarf, 90 cm"
HOURS = 24


def drag(page: Page, plot: Locator, start: float, end: float) -> None:
    """Drag from one place of a chart to another, given as shares of its width."""
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=4)
    page.mouse.up()


def test_a_buyer_zooms_into_a_week_and_compares_two_products(page: Page, house: House) -> None:
    page.goto(f"/catalogue/{house.places['product']}?period=30d")
    plot = chart_of(page, "Prices over time")
    all_ = page.get_by_role("button", name="All", exact=True)
    expect(all_).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="Week", exact=True).click()
    expect(said_of(plot)).to_contain_text(re.compile(r"From .+ to .+\."))
    expect(page.get_by_role("button", name="Week", exact=True)).to_have_attribute("aria-pressed", "true")
    week = said_of(plot).inner_text()
    drag(page, plot, 0.4, 0.7)
    expect(said_of(plot)).not_to_have_text(week)
    all_.click()
    expect(said_of(plot)).to_have_text("Everything is shown.")

    plot.hover()
    expect(page.locator(".chart-tip")).to_contain_text("Best in stock")
    expect(page.locator(".chart-tip")).to_contain_text("in stock")
    assert barriers(page) == []

    page.get_by_label("Name or SKU").fill(OTHER)
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("link", name=f"Compare with {OTHER}").click()

    expect(page).to_have_url(re.compile(r"\?period=30d&compare=[0-9a-f-]{36}$"))
    chart_of(page, "Prices over time").hover()
    for product in ("Single malt, 70 cl", OTHER):
        expect(page.locator(".chart-tip")).to_contain_text(product)
        expect(page.get_by_role("button", name=re.compile(re.escape(product)))).to_have_attribute(
            "aria-pressed", "true"
        )
    assert barriers(page) == []


def test_a_buyer_does_the_same_by_keyboard_alone(page: Page, house: House) -> None:
    page.goto(f"/catalogue/{house.places['product']}?period=30d")
    plot = chart_of(page, "Prices over time")

    tab_to(page, page.get_by_role("button", name="Week", exact=True))
    page.keyboard.press("Enter")
    expect(said_of(plot)).to_contain_text("From ")
    tab_to(page, plot)
    for key in ("End", "ArrowLeft"):
        page.keyboard.press(key)
        expect(said_of(plot)).to_contain_text(re.compile(r"; Best in stock: [\d,]+, \d+ in stock; "))
    expect(page.locator(".chart-tip")).to_be_visible()
    page.keyboard.press("+")
    expect(said_of(plot)).to_contain_text("From ")
    page.keyboard.press("0")
    expect(said_of(plot)).to_have_text("Everything is shown.")

    tab_to(page, page.get_by_label("Name or SKU"))
    page.keyboard.type(OTHER)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name=f"Compare with {OTHER}"))
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("compare="))
    tab_to(page, chart_of(page, "Prices over time"))
    page.keyboard.press("End")
    expect(said_of(chart_of(page, "Prices over time"))).to_contain_text(
        re.compile(rf"Single malt, 70 cl: .+; {OTHER}: |{OTHER}: .+; Single malt, 70 cl: ")
    )


def test_a_line_is_hidden_and_shown_by_its_name(page: Page, house: House) -> None:
    page.goto(f"/catalogue/{house.places['product']}")
    plot = chart_of(page, "Prices over time")
    best = page.get_by_role("button", name=re.compile("^Best in stock"))
    best.click()
    expect(best).to_have_attribute("aria-pressed", "false")
    assert not any("Best in stock" in said for said in points_of(plot)[:3])
    best.click()
    assert "Best in stock" in points_of(plot)[0]


@pytest.mark.parametrize("type_", ["PNG", "SVG"])
def test_a_chart_is_kept_as_a_picture(page: Page, house: House, type_: str) -> None:
    page.goto(f"/catalogue/{house.places['product']}")
    chart_of(page, "Prices over time")
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save as {type_}").click()
    picture = download.value.path().read_bytes()
    assert download.value.suggested_filename == f"Prices-over-time.{type_.lower()}"
    if type_ == "PNG":
        assert picture.startswith(b"\x89PNG")
    else:
        assert b"Prices over time" in picture
        assert b"Best in stock" in picture


def test_a_chart_takes_the_page_s_colours_when_they_change(page: Page, house: House) -> None:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(f"/catalogue/{house.places['product']}")
    plot = chart_of(page, "Prices over time")
    light = plot.screenshot()
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("getComputedStyle(document.body).colorScheme || true")
    expect(plot).to_be_visible()
    assert plot.screenshot() != light


@pytest.mark.parametrize("by_keyboard", [False, True])
def test_an_hour_of_the_dashboard_leads_to_its_rows(page: Page, house: House, *, by_keyboard: bool) -> None:
    house.sign_in(page.context, "demo")
    page.goto("/admin/")
    plot = chart_of(page, "Finished jobs by hour")
    if by_keyboard:
        tab_to(page, plot)
        page.keyboard.press("End")
        for _ in range(HOURS):
            if re.search(r"done: [1-9]", said_of(plot).inner_text()):
                break
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
    else:
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        assert box is not None
        for place in range(int(box["width"]) - 30, 40, -8):
            page.mouse.move(box["x"] + place, box["y"] + box["height"] / 2)
            if re.search(r"done\s*[1-9]", plot.locator(".chart-tip").inner_text()):
                break
        page.mouse.down()
        page.mouse.up()
    expect(page).to_have_url(re.compile(r"/admin/compute/job/\?status__exact=\w+&finished_at__gte="))
    expect(page.locator("#result_list tbody tr").first).to_be_visible()
