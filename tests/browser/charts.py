"""Charts read as a keyboard's user does: from point to point, by what is said of each."""

from playwright.sync_api import Locator, Page, expect

MOST_STEPS = 250  # of the Tab key, to any place of a page


def chart_of(page: Page, name: str) -> Locator:
    """Return the drawing of this name, once it is there."""
    plot = page.get_by_role("application", name=name)
    expect(plot.locator("canvas").first).to_be_visible()
    return plot


def said_of(plot: Locator) -> Locator:
    """Return what is said of the point, or of the period, that a chart is at."""
    return plot.locator("xpath=..").locator(".chart-said")


def points_of(plot: Locator) -> list[str]:
    """Return what is said of each point, from the first to the last."""
    plot.focus()
    plot.press("Home")
    said = [said_of(plot).inner_text()]
    plot.press("ArrowRight")
    while (now := said_of(plot).inner_text()) != said[-1]:
        said.append(now)
        plot.press("ArrowRight")
    return said


def tab_to(page: Page, target: Locator) -> None:
    """Go on with the Tab key until the target has the focus."""
    expect(target).to_be_visible()
    for _ in range(MOST_STEPS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by the Tab key.")
