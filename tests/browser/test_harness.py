"""The watch itself: each fault that it is there for is found, and nothing else."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.watching import Faults, barriers, overflow

GOOD = '<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1></main></html>'
BAD = {  # a piece of a page, and what is said of it
    "<script>alert(1)</script>": "console: Executing inline script violates",
    "<p style='color: red'>": "console: Applying inline style violates",
    "<img alt='' src='https://cdn.example/x.png'>": "console: Loading the image 'https://cdn.example/x.png' violates",
    "<img alt='' src='/gone'>": "GET http://made.up/gone: 404",
    "<img alt='' src='/broken'>": "GET http://made.up/broken: net::ERR_FAILED",
}
STRICT = {"Content-Type": "text/html", "Content-Security-Policy": "default-src 'self'"}


@pytest.fixture
def show(context: BrowserContext) -> Callable[[str], Page]:
    """Shows some HTML under a strict policy, as from a server."""

    def show(html: str) -> Page:
        context.route("http://made.up/", lambda route: route.fulfill(headers=STRICT, body=html))
        context.route("http://made.up/gone", lambda route: route.fulfill(status=404))
        context.route("http://made.up/broken", lambda route: route.abort())
        page = context.new_page()
        page.goto("http://made.up/")
        return page

    return show


def watched(context: BrowserContext) -> Faults:
    faults = Faults()
    faults.watch(context)
    return faults


def test_a_good_page_has_no_fault(context: BrowserContext, show: Callable[[str], Page]) -> None:
    faults = watched(context)
    page = show(GOOD)
    assert (faults.found, barriers(page), overflow(page)) == ([], [], 0)


def test_what_goes_wrong_in_a_page_is_found(context: BrowserContext, show: Callable[[str], Page]) -> None:
    faults = watched(context)
    page = show(GOOD + "".join(BAD))
    with context.expect_event("weberror"):
        page.evaluate("setTimeout(() => { throw new Error('oh') })")
    told = "\n".join(faults.found)
    assert [fault for fault in [*BAD.values(), "exception: Error: oh"] if fault not in told] == []


def test_a_refusal_that_a_test_is_about_is_none(context: BrowserContext, show: Callable[[str], Page]) -> None:
    faults = watched(context)
    faults.expect("/gone")
    show(GOOD + "<img alt='' src='/gone'>")
    assert faults.found == []


@pytest.mark.parametrize(
    ("html", "fault"),
    [("<img src='/gone'>", "image-alt (critical)"), ("<h4>Far below</h4>", "heading-order (moderate)")],
)
def test_a_barrier_is_found_however_grave_it_is(show: Callable[[str], Page], html: str, fault: str) -> None:
    assert any(each.startswith(fault) for each in barriers(show(GOOD + html)))


def test_a_page_wider_than_the_window_is_found(show: Callable[[str], Page]) -> None:
    page = show(GOOD + "<p>" + "wide" * 1000)
    assert overflow(page) > 0
