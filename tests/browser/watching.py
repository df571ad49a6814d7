"""What must never happen while somebody looks at a page: noticed for as long as a browser's context is open."""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

FIND = "axe.run({resultTypes: ['violations']})"
FIRST = 3  # elements named of a barrier
LEFT_BEHIND = "net::ERR_ABORTED"  # a download, or a request that was under way when its page was left


@dataclass
class Faults:
    """Errors in the console (violations of the Content-Security-Policy are), exceptions, failed and refused requests.

    `expected`: addresses whose refusal a test is about, by what they end with.
    """

    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)

    def expect(self, *addresses: str) -> None:
        """Let these addresses be refused."""
        self.expected += addresses

    def _on_console(self, message: ConsoleMessage) -> None:
        # A refused request is in the console, too; the response says more.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.found.append(f"console: {message.text}")

    def _on_error(self, error: WebError) -> None:
        self.found.append(f"exception: {error.error.stack or error.error}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND:
            self.found.append(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and not response.url.endswith(tuple(self.expected)):
            self.found.append(f"{response.request.method} {response.url}: {response.status}")


def barriers(page: Page) -> list[str]:
    """Return all that axe-core finds on the page, grave or not, with the first elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [
        f"{fault['id']} ({fault['impact']}): {fault['help']}, {len(fault['nodes'])} x: {_first_of(fault['nodes'])}"
        for fault in page.evaluate(FIND)["violations"]
    ]


def _first_of(nodes: list[dict[str, Any]]) -> list[str]:
    return [f"{' '.join(map(str, node['target']))} {node['failureSummary']}" for node in nodes[:FIRST]]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
