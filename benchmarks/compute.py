"""group_by, non_null and stats on 5,000,000 rows end to end through HTTP, beside hand-written DuckDB, Polars and pandas.

`python -m benchmarks.compute [--rows N]` starts web and worker processes, and prints seconds, ratios and peak memory; then
a file five times COMPUTE_MEMORY_LIMIT, 500 small jobs, and the latency of /api/health and /api/data beside a large job.
A peer is timed twice: as a script, from the start of its process to its end, as Apron is from the request to the answer;
and warm, the operation alone, its imports done and a small file computed before. Apron and the scripts
take turns, and the median of five counts; of warm runs, the fastest.
"""

import argparse
import math
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import requests

PROJECT = Path(__file__).resolve().parent.parent
TOKEN = "benchmark-token"
PEERS = ("duckdb", "polars", "pandas")
RUNS = 5
SETTLING_SECONDS = 10  # in which children that wait for jobs, and schedules, start beside the first ones
SMALL_JOBS, CLIENTS = 500, 4
PARAMETERS: dict[str, dict[str, Any]] = {
    "group_by": {"by": ["shop"], "aggregations": {"price": ["mean", "sum"], "quantity": ["sum"]}},
    "non_null": {"columns": ["note"]},
    "stats": {"columns": ["price", "quantity"]},
}


def generate(folder: Path, rows: int) -> None:
    """Write big.csv, big.parquet and small.csv: id, shop, currency, quantity, price, note (a tenth null)."""
    query = f"""SELECT i AS id, 'shop' || (hash(i) % 1000) AS shop,
        ['EUR', 'USD', 'CZK'][1 + (hash(i * 7) % 3)::INT] AS currency,
        (hash(i * 3) % 100)::INT AS quantity, round((hash(i * 5) % 1000000) / 100.0, 2) AS price,
        CASE WHEN hash(i * 11) % 10 = 0 THEN NULL ELSE 'note number ' || (hash(i * 13) % 100000) END AS note
        FROM range({rows}) t(i)"""
    duckdb.execute(f"COPY ({query}) TO '{folder / 'big.csv'}'")
    duckdb.execute(f"COPY ({query}) TO '{folder / 'big.parquet'}'")
    duckdb.execute(f"COPY ({query} LIMIT 100) TO '{folder / 'small.csv'}'")


@dataclass
class Measured:
    """The seconds of each run, from the outside; those of the fastest warm one; and the peak memory in MB."""

    runs: list[float] = field(default_factory=list)
    warm: float = math.inf
    peak: float = 0.0

    @property
    def seconds(self) -> float:
        return statistics.median(self.runs)

    def run(self, work: Callable[[], object]) -> None:
        """Run it once more, with nothing of those before left to be written to disk."""
        os.sync()
        self.runs.append(timed(work))


def run_peer(measured: Measured, *options: str) -> None:
    """Run a peer as a script once more, and note what that took."""

    def run() -> None:
        measured.peak = max(measured.peak, *printed_by_peer(*options))

    measured.run(run)


def printed_by_peer(*options: str) -> list[float]:
    """Run the script of a peer and return the numbers it prints."""
    command = [sys.executable, "-m", "benchmarks.peers.compute", *options]
    return [float(line) for line in subprocess.check_output(command, cwd=PROJECT, text=True).split()]


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def apron(folder: Path) -> Iterator[str]:
    """Run web and worker on a fresh database with COMPUTE_ROOT at `folder`; yield the API's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder}/.apron.sqlite3",
        "COMPUTE_ROOT": str(folder),
        "API_TOKEN": TOKEN,
        "SECRET_KEY": "benchmark",
        "LOG_FORMAT": "text",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, env=environment, check=True)
    web = f"{sys.executable} -m config.server --port {port} --workers 2 --no-log"
    worker = f"{sys.executable} manage.py run_worker"
    processes = [
        subprocess.Popen(command.split(), cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL)
        for command in (web, worker)
    ]
    address = f"http://127.0.0.1:{port}/api"
    try:
        while not _is_up(address):
            time.sleep(0.2)
        time.sleep(SETTLING_SECONDS)
        yield address
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(30)


def _is_up(address: str) -> bool:
    try:
        return requests.get(f"{address}/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def ask(address: str, operation: str, file: str, **headers: str) -> requests.Response:
    """Ask for an operation on a file, computed anew."""
    given = {"Authorization": f"Bearer {TOKEN}", "Cache-Control": "no-cache"} | headers
    answer = requests.post(
        f"{address}/compute/{operation}", json={"file_path": file} | PARAMETERS[operation], headers=given, timeout=600
    )
    answer.raise_for_status()
    return answer


def children_mb() -> float:
    """Return the largest resident memory a job's child has now."""
    found = [0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if b"compute.jobs.child" in (status.parent / "cmdline").read_bytes():
                found += [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        except OSError:
            continue
    return max(found) / 1024


@contextmanager
def watched() -> Iterator[list[float]]:
    """Yield a list whose one value ends up as the peak memory of the children, in MB."""
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            peak[0] = max(peak[0], children_mb())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def side_by_side(address: str, folder: Path) -> None:
    """Print seconds (and peak MB) of Apron, of its peers as scripts and, in brackets, warm; and how Apron compares.

    All take turns: when the machine is slower for a while, it is so for each.
    """
    headings = "".join(f"{f'{peer} script (warm)':>26}" for peer in PEERS)
    print(f"{'':22}{'Apron':>15}{headings}" + "".join(f"{f'/ {peer}':>16}" for peer in PEERS))
    for file in ("big.csv", "big.parquet"):
        for operation in PARAMETERS:
            ours, peers = Measured(), {peer: Measured() for peer in PEERS}
            for _ in range(RUNS):
                with watched() as memory:
                    ours.run(partial(ask, address, operation, file))
                ours.peak = max(ours.peak, memory[0])
                for peer, measured in peers.items():
                    run_peer(measured, peer, operation, str(folder / file))
            for peer, measured in peers.items():
                measured.warm = printed_by_peer(peer, operation, str(folder / file), "--warm")[0]
            row = "".join(f"{each.seconds:8.2f}s ({each.warm:5.2f}s) {each.peak:5.0f}MB" for each in peers.values())
            ratios = "".join(
                f"{ours.seconds / each.seconds:8.2f} ({ours.seconds / each.warm:5.2f})" for each in peers.values()
            )
            print(f"{file:12}{operation:10}{ours.seconds:7.2f}s {ours.peak:5.0f}MB{row}{ratios}", flush=True)


def beyond_memory(address: str, folder: Path) -> None:
    """Print time and peak memory of a file five times the memory limit."""
    big, huge = folder / "big.csv", folder / "huge.csv"
    with huge.open("wb") as file:
        while file.tell() < 5 * 512 * 1024**2:
            file.write(big.read_bytes() if file.tell() == 0 else big.read_bytes().partition(b"\n")[2])
    for operation in PARAMETERS:
        with watched() as memory:
            taken = timed(partial(ask, address, operation, "huge.csv"))
        print(f"{huge.stat().st_size / 1024**2:.0f} MB CSV, {operation}: {taken:.1f} s, peak {memory[0]:.0f} MB")


def small_jobs(address: str) -> None:
    """Print rate and latency of many small jobs."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        taken = sorted(pool.map(lambda _: timed(lambda: ask(address, "stats", "small.csv")), range(SMALL_JOBS)))
        rate = SMALL_JOBS / (time.perf_counter() - started)
    alone = statistics.median(timed(lambda: ask(address, "stats", "small.csv")) for _ in range(30))
    p50, p95 = taken[SMALL_JOBS // 2], taken[SMALL_JOBS * 95 // 100]
    print(
        f"{SMALL_JOBS} small jobs by {CLIENTS} clients: {rate:.0f}/s, p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"
    )
    print(f"one client alone: median {alone * 1000:.0f} ms")


def beside_a_large_job(address: str) -> None:
    """Print the latency of /api/health and of POST /api/data with and without a large job."""
    calls: dict[str, Callable[[], requests.Response]] = {
        "GET /api/health": lambda: requests.get(f"{address}/health", timeout=30),
        "POST /api/data": lambda: requests.post(
            f"{address}/data", json={"content": "x"}, headers={"Prefer": "respond-async"}, timeout=30
        ),
    }

    def p95s() -> dict[str, float]:
        return {name: sorted(timed(call) for _ in range(200))[190] * 1000 for name, call in calls.items()}

    quiet = p95s()
    job = ask(address, "non_null", "huge.csv", Prefer="respond-async").headers["Location"]
    busy = p95s()
    status = requests.get(
        f"{address.removesuffix('/api')}{job}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
    ).json()["status"]
    for name in calls:
        print(f"{name} p95: {quiet[name]:.0f} ms alone, {busy[name]:.0f} ms beside a large job (which is {status})")


def main() -> None:
    """Measure all of it, in a folder that is removed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=5_000_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="apron-compute-") as name:
        folder = Path(name)
        generate(folder, options.rows)
        with apron(folder) as address:
            for operation in PARAMETERS:
                ask(address, operation, "small.csv")
            side_by_side(address, folder)
            small_jobs(address)
            beyond_memory(address, folder)
            beside_a_large_job(address)


if __name__ == "__main__":
    main()
