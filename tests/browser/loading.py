"""What a page loads at its first visit, as it comes over the wire; and a web process that sends what production sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.processes import System

UNUSED = ("redoc", "rest_framework", "*.js.map")  # by any page; to compress them takes longer than all the others


@contextmanager
def beside_with_collected_files(system: System, folder: Path) -> Iterator[System]:
    """Run a second web process on a system's database, whose static files are collected and compressed, as in the image."""
    beside = System(**{"database_url": "", **system.environment, "STATIC_ROOT": str(folder)})
    try:
        beside.manage("collectstatic", "--no-input", *(f"--ignore={name}" for name in UNUSED), seconds=300)
        beside.start_web()
        yield beside
    finally:
        beside.close()


class Loaded:
    """The bytes of each answer that a page was given, headers included, by its path."""

    def __init__(self, page: Page) -> None:
        self.bytes: dict[str, int] = {}
        self.encodings: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._on_answer)
        session.on("Network.loadingFinished", self._on_end)
        session.send("Network.enable")

    @property
    def total(self) -> int:
        return sum(self.bytes.values())

    def heaviest(self, number: int = 8) -> list[tuple[str, int]]:
        return sorted(self.bytes.items(), key=lambda each: -each[1])[:number]

    def _on_answer(self, event: Any) -> None:
        path = urlsplit(event["response"]["url"]).path
        self._paths[event["requestId"]] = path
        headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
        self.encodings[path] = headers.get("content-encoding", "")

    def _on_end(self, event: Any) -> None:
        if path := self._paths.get(event["requestId"]):
            self.bytes[path] = self.bytes.get(path, 0) + int(event["encodedDataLength"])
