"""`python -m benchmarks.ingest_lines`: a body of 1,000,000 JSON lines beside arrays of 1,000, from one client.

The same PostgreSQL (with fsync), broker and server, taking turns; each entry is published before the answer. Prints items a
second and how much memory the web workers hold before and, at most, meanwhile: that of the processes, without what they share.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
import psutil
import requests

from benchmarks.ingest import CONTENT, wait_for_drain
from tests.fakes.platform import Platform

SAMPLE_SECONDS = 0.1
ARRAY = 1000


class Memory:
    """What the web workers hold, in MB: of all of them together."""

    def __init__(self, platform: Platform) -> None:
        web = psutil.Process(platform.web_pid)
        self._processes = [web, *web.children(recursive=True)]
        self.most = 0.0

    def now(self) -> float:
        """Return it as it is."""
        held = 0
        for process in self._processes:
            with suppress(psutil.NoSuchProcess):
                held += process.memory_full_info().uss
        return held / 1e6

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note the most that is held within."""
        self.most, done = self.now(), threading.Event()
        thread = threading.Thread(target=self._watch, args=[done])
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(SAMPLE_SECONDS):
            self.most = max(self.most, self.now())


def post_lines(url: str, file: Path, lines: int) -> None:
    """Send the file as it is."""
    with file.open("rb") as body:
        answer = requests.post(url, data=body, headers={"Content-Type": "application/x-ndjson"}, timeout=600)
    told = answer.json()
    if (told["kept"], told["published"]) != (lines, lines):
        raise SystemExit(f"Not all were published: {told}")


def post_arrays(url: str, lines: int) -> None:
    """Send as many entries, an array after the other."""
    body, session = orjson.dumps([{"content": CONTENT}] * ARRAY), requests.Session()
    for _ in range(lines // ARRAY):
        session.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=60).raise_for_status()


def measure(platform: Platform, file: Path, lines: int, rounds: int) -> None:
    """Take turns, and print each and the medians."""
    ways: dict[str, Callable[[], None]] = {
        "JSON lines": lambda: post_lines(platform.url, file, lines),
        f"arrays of {ARRAY:,}": lambda: post_arrays(platform.url, lines),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    memory = Memory(platform)
    for _ in range(rounds):
        for name, post in ways.items():
            before, started = memory.now(), time.monotonic()
            with memory.watched():
                post()
            rates[name].append(lines / (time.monotonic() - started))
            print(
                f"{name:16} {rates[name][-1]:8,.0f} items/s, memory {before:.0f} MB, at most {memory.most:.0f} MB",
                flush=True,
            )
            wait_for_drain(platform)
    for name, found in rates.items():
        print(f"{name:16} {statistics.median(found):8,.0f} items/s (median)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apron-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        file = folder / "lines.ndjson"
        file.write_bytes((orjson.dumps({"content": CONTENT}) + b"\n") * options.lines)
        with Platform(folder, backlog_limit=10_000_000) as platform:
            measure(platform, file, options.lines, options.rounds)


if __name__ == "__main__":
    main()
