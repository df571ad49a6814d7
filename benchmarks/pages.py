"""`python -m benchmarks.pages [--rounds 3] [--only /admin/]`: what a page weighs at its first visit, and when it is usable.

Starts what the browser tests start (web, worker, stand-ins, the demo's data) and a web process with collected files beside
it, as the image has them. Each load has a new browser context: nothing is cached. Medians of all rounds:

- kB: bodies as they came, compressed; "of 300 kB": their share of the limit.
- server ms: from the request for the page to the first byte of its answer.
- interactive ms, from the start of the navigation: the page has painted, its document and deferred scripts are there, and the
  last task of its scripts above 50 ms is over, so that a click is answered at once; "of 1 s": its share of the limit.

The server's memory is read after each load. Needs the machine's Chromium.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import django
import psutil
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium, launch_arguments
from tests.browser.house import House, running_house
from tests.browser.loading import beside_with_collected_files, loaded_by

WEIGHT_LIMIT, TIME_LIMIT = 300_000, 1000  # bytes, milliseconds
WATCH = """
    window.lastLongTask = 0;
    new PerformanceObserver((list) => {
        for (const task of list.getEntries()) window.lastLongTask = task.startTime + task.duration;
    }).observe({ type: "longtask", buffered: true });
"""
TIMES = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
    return [page.responseStart - page.requestStart, Math.max(painted, page.domContentLoadedEventEnd, window.lastLongTask)];
}"""


class Load(NamedTuple):
    """One load of a page."""

    size: int
    requests: int
    server: float
    interactive: float
    megabytes: float


def load(browser: Browser, house: House, address: str, *, user: str, server: psutil.Process) -> Load:
    """Load a page with nothing cached, until its network is quiet for half a second."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    if user:
        house.sign_in(context, user)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    files = loaded_by(page)
    answered, interactive = page.evaluate(TIMES)
    context.close()
    memory = sum(int(process.memory_info().rss) for process in [server, *server.children(recursive=True)])
    return Load(sum(file.size for file in files), len(files), answered, interactive, memory / 1e6)


def row(path: str, loads: Sequence[Load]) -> list[str]:
    """Return the cells of a page: medians, and the highest memory."""
    size, requests, server, interactive = (median(values) for values in list(zip(*loads, strict=True))[:4])
    return [
        path,
        f"{size / 1000:.0f}",
        f"{size / WEIGHT_LIMIT:.2f}",
        f"{requests:.0f}",
        f"{server:.0f}",
        f"{interactive:.0f}",
        f"{interactive / TIME_LIMIT:.2f}",
        f"{max(each.megabytes for each in loads):.0f}",
    ]


def measure(rounds: int, only: str) -> Table:
    """Load every page in turn, so that a busy moment of the machine does not fall upon one of them."""
    from tests.browser.test_pages import FOR_ANALYSTS, FOR_OPERATORS, PUBLIC  # noqa: PLC0415 - Django is set up first
    from tests.browser.test_weight import WITH_A_CHART  # noqa: PLC0415

    pages = [path for path in (*PUBLIC, *FOR_ANALYSTS, WITH_A_CHART, *FOR_OPERATORS) if path.startswith(only)]
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder, running_house(Path(folder)) as house, sync_playwright() as playwright:
        static = Path(folder) / "static"
        static.mkdir()
        with beside_with_collected_files(house.system, static) as beside:
            browser = playwright.chromium.launch(**launch_arguments(find_chromium() or sys.exit(HOW_TO_GET_ONE)))
            url, server = beside.url.removesuffix("/api"), psutil.Process(beside.running[-1].pid)
            loads: dict[str, list[Load]] = {path: [] for path in pages}
            for turn in range(rounds + 1):  # the first fills the server's own caches and is not counted
                for path in pages:
                    user = "" if path in PUBLIC else "demo"
                    found = load(browser, house, url + path.format(**house.places), user=user, server=server)
                    loads[path] += [found] if turn else []
            browser.close()
    busy = " → ".join(f"{load:.0f}" for load in (before[0], os.getloadavg()[0]))
    table = Table(
        "page", "kB", "of 300 kB", "requests", "server ms", "interactive ms", "of 1 s", "server MB",
        title=f"{rounds} first visits of each page, load average {busy}",
    )  # fmt: skip
    for path, its in sorted(loads.items(), key=lambda each: -median(load.interactive for load in each[1])):
        table.add_row(*row(path, its))
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="/", help="pages whose address begins so")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    Console(width=160).print(measure(arguments.rounds, arguments.only))


if __name__ == "__main__":
    main()
