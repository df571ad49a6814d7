"""What a page loads at its first visit; and a web process that sends what production sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from tests.processes import System

UNUSED = ("redoc", "rest_framework", "*.js.map")  # by any page; to compress them takes longer than all the others
ENTRIES = """
    performance.getEntries().filter(each => each.entryType === "navigation" || each.entryType === "resource")
        .map(each => [new URL(each.name).pathname, each.encodedBodySize])
"""


@contextmanager
def beside_with_collected_files(system: System, folder: Path) -> Iterator[System]:
    """Run a second web process on a system's database, whose static files are collected and compressed, as in the image."""
    environment = system.environment | {"STATIC_ROOT": str(folder)}
    beside = System(environment.pop("DATABASE_URL"), **environment)
    try:
        beside.manage("collectstatic", "--no-input", *(f"--ignore={name}" for name in UNUSED), seconds=300)
        beside.start_web()
        yield beside
    finally:
        beside.close()


class File(NamedTuple):
    """A file that a page loaded. `size`: the bytes of its body as they came, compressed or not."""

    path: str
    size: int


def loaded_by(page: Page) -> list[File]:
    """Return all that a page loaded, itself included, the heaviest first."""
    return sorted((File(*each) for each in page.evaluate(ENTRIES)), key=lambda file: -file.size)
