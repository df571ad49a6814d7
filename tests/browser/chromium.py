"""The machine's own Chromium; none is downloaded. `python -m tests.browser.chromium` prints where it is, or how to get one.

Nothing but the standard library: .ci/run asks before anything is installed.
"""

import os
import shutil
import sys
from typing import TypedDict

NAMES = (  # the first is the same without windows: it takes a third less time
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
HOW_TO_GET_ONE = (
    "there is no Chromium on this machine: `apt-get install chromium-headless-shell`, or name one in CHROMIUM"
)
WITHOUT_GPU = (
    "--disable-gpu",
    "--disable-gpu-compositing",
    "--disable-software-rasterizer",
)  # which costs a fifth more
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


class Launch(TypedDict):
    """What Playwright's `chromium.launch` takes."""

    executable_path: str
    args: list[str]


def find_chromium() -> str | None:
    """Return the path of CHROMIUM, or of the first that is installed."""
    return next(filter(None, map(shutil.which, filter(None, [os.environ.get("CHROMIUM"), *NAMES]))), None)


def launch_arguments(path: str) -> Launch:
    """Return how to start it: without a GPU or calls home and, as root, without the sandbox it refuses there."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": path, "args": [*WITHOUT_GPU, *QUIET, *sandbox]}


if __name__ == "__main__":
    found = find_chromium()
    print(found or HOW_TO_GET_ONE)  # noqa: T201 - what it is for
    sys.exit(found is None)
