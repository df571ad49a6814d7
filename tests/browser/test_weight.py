"""The first visit of every page loads less than 300 kB, as the image sends it: static files collected and compressed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.house import House
from tests.browser.loading import beside_with_collected_files, loaded_by
from tests.browser.test_pages import FOR_ANALYSTS, FOR_OPERATORS, PUBLIC
from tests.browser.watching import Faults
from tests.icons import ROOT, font_of, glyphs_of

LIGHT_ENOUGH = 300_000  # bytes
WITH_A_CHART = "/workbench/files/inflight_sales.csv?by=product&compute=sum:price"
ICONS = "elements => elements.map(element => element.textContent.trim()).filter(name => name)"
WORTH_COMPRESSING = 5_000  # bytes
PACKED = (".woff2", ".png")


@pytest.fixture(scope="module")
def address(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a web process with collected files listens, beside the house's."""
    with beside_with_collected_files(house.system, tmp_path_factory.mktemp("static")) as beside:
        yield beside.url.removesuffix("/api")


@pytest.mark.parametrize("path", [*PUBLIC, *FOR_ANALYSTS, WITH_A_CHART, *FOR_OPERATORS])
def test_a_page_is_light_enough(page: Page, house: House, address: str, path: str) -> None:
    if path not in PUBLIC:
        house.sign_in(page.context, "demo")
    plain: list[str] = []

    def note(response: Response) -> None:
        if "content-encoding" not in response.headers and not response.url.endswith(PACKED):
            plain.append(response.url)

    page.on("response", note)
    page.goto(address + path.format(**house.places), wait_until="networkidle")

    files = loaded_by(page)
    assert sum(file.size for file in files) < LIGHT_ENOUGH, files[:8]
    assert [
        file for file in files if file.size > WORTH_COMPRESSING and any(url.endswith(file.path) for url in plain)
    ] == []
    icons = page.locator(".material-symbols-outlined").evaluate_all(ICONS)
    assert set(icons) <= glyphs_of(font_of(ROOT)).keys(), "an icon is missing: `make icons`"


def test_an_operation_of_the_api_is_tried_in_swagger_ui(page: Page, address: str) -> None:
    page.goto(f"{address}/api/docs")
    page.get_by_role("link", name="GET /api/products", exact=True).click()
    page.locator(".opblock.is-open").wait_for()
    assert page.locator(".opblock.is-open .opblock-summary-path").inner_text().replace("\u200b", "") == "/api/products"
    assert page.get_by_role("main").count() == 1


def test_the_operations_stay_when_swagger_ui_cannot_be_loaded_and_the_next_click_tries_again(
    page: Page, address: str, faults: Faults
) -> None:
    page.route("**/swagger-ui-bundle*", lambda route: route.abort())
    page.goto(f"{address}/api/docs")
    operation = page.get_by_role("link", name="GET /api/products", exact=True)
    with page.expect_event("requestfailed"):
        operation.click()
    expect(page.locator("body")).not_to_have_attribute("aria-busy", "true")
    faults.found.clear()
    page.unroute_all()
    operation.click()
    expect(page.locator(".opblock.is-open")).to_be_visible()
