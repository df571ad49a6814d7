"""`python -m benchmarks.metadata`: the registry over HTTP, as production serves it: granian on PostgreSQL.

Drives POST, GET by id, a page of the list, the whole list and DELETE with kept connections and prints requests per second,
p50, p95, p99 and errors; then GET by id with a growing registry, to show that it stays flat. The load comes from this very
machine and takes its share of the cores: the numbers are for comparing with each other.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import django
import psutil
from django.db import connection
from rich.console import Console
from rich.table import Table

PAYLOAD = (
    '{"sourceName": "my-flights", "jobCluster": {"min_workers": 1}, "partitioning": "--partitioning=logic=byTime"}'
)
BODY = json.dumps({"name": "benchmark", "payload": PAYLOAD}).encode()
CONNECTIONS = 16
ROOT = Path(__file__).parents[1]

Request = tuple[str, str, bytes | None]  # method, path, body


@dataclass
class Result:
    """What one run of requests came to; times in milliseconds, sorted."""

    seconds: float
    errors: int
    answers: list[bytes] = field(repr=False)
    times: list[float] = field(repr=False)

    def percentile(self, share: float) -> float:
        """Return the time that `share` of the requests stayed below."""
        return self.times[min(int(len(self.times) * share), len(self.times) - 1)]


def drive(port: int, requests: Sequence[Request], connections: int = CONNECTIONS) -> Result:
    """Send the requests over so many kept connections, each waiting for its answer."""
    shares = [requests[start::connections] for start in range(connections)]
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        runs = list(pool.map(lambda share: _drive_one(port, share), shares))
    seconds = time.perf_counter() - started
    outcomes = [outcome for run in runs for outcome in run]
    return Result(
        seconds,
        errors=sum(status != 200 for status, _, _ in outcomes),
        answers=[body for _, _, body in outcomes],
        times=sorted(milliseconds for _, milliseconds, _ in outcomes),
    )


def _drive_one(port: int, requests: Sequence[Request]) -> list[tuple[int, float, bytes]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    outcomes = []
    for method, path, body in requests:
        started = time.perf_counter()
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        outcomes.append((response.status, (time.perf_counter() - started) * 1000, answer))
    connection.close()
    return outcomes


@contextmanager
def production_server(port: int) -> Iterator[psutil.Process]:
    """Run the web process as the Procfile has it, and yield it."""
    command = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web: "))
    environment = os.environ | {"PORT": str(port), "DEBUG": "false"}
    server = subprocess.Popen(
        f"exec {command.removeprefix('web: ')}", shell=True, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            drive(port, [("GET", "/api/metadata/schema", None)] * CONNECTIONS)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("The server did not come up.")


def make_durable() -> None:
    """Have the database write as it does in production."""
    with connection.cursor() as cursor:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"ALTER SYSTEM SET {name} = on")
        cursor.execute("SELECT pg_reload_conf()")
    connection.close()


def fill(total: int) -> list[str]:
    """Add records until `total` are live; return a thousand ids spread over all of them."""
    from metadata_registry.models import Metadata  # noqa: PLC0415 - Django is set up first

    live = Metadata.objects.filter(deleted_at=None)
    missing = total - live.count()
    while missing > 0:
        batch = min(missing, 10_000)
        Metadata.objects.bulk_create(Metadata(name=f"source-{number}", payload=PAYLOAD) for number in range(batch))
        missing -= batch
    ids = live.order_by("id").values_list("pk", flat=True)
    return [str(metadata_id) for metadata_id in ids.iterator()][:: max(total // 1000, 1)]


def row(name: str, result: Result) -> list[str]:
    """Return the cells of the printed table."""
    percentiles = [f"{result.percentile(share):.1f}" for share in (0.5, 0.95, 0.99)]
    return [name, f"{len(result.times) / result.seconds:,.0f}", *percentiles, str(result.errors)]


def measure_calls(port: int, count: int, report: Callable[[str, Result], None]) -> None:
    """POST, GET, list, DELETE, in the life of the same records, beside the 10,000 that are there."""
    created = drive(port, [("POST", "/metadata", BODY)] * count)
    report("POST /metadata", created)
    paths = [f"/metadata/{json.loads(answer)['id']}" for answer in created.answers]
    report("GET /metadata/{id}", drive(port, [("GET", path, None) for path in paths]))
    report("GET /metadata?limit=100", drive(port, [("GET", "/metadata?limit=100", None)] * (count // 4)))
    report("GET /metadata, all", drive(port, [("GET", "/metadata", None)] * 48))
    report("DELETE /metadata/{id}", drive(port, [("DELETE", path, None) for path in paths]))


def measure(port: int, count: int, sizes: Sequence[int]) -> None:
    """Measure and print everything."""
    console = Console()
    calls = Table("call", "requests/s", "p50 ms", "p95 ms", "p99 ms", "errors", title="10,000 records, 16 connections")
    flat = Table(
        "records", "requests/s", "p50 ms", "p95 ms", "p99 ms", "errors", title="GET /metadata/{id}, 1 connection"
    )
    memory = Table(
        "records", "answer MB", "seconds", "server MB before", "highest while answering", title="GET /metadata, all"
    )
    with production_server(port) as server:
        for size in sizes:
            gets: list[Request] = [("GET", f"/metadata/{one}", None) for one in islice(cycle(fill(size)), count)]
            flat.add_row(*row(f"{size:,}", drive(port, gets, connections=1)))
            memory.add_row(f"{size:,}", *_list_once(port, server))
            if size == 10_000:
                measure_calls(port, count, lambda name, result: calls.add_row(*row(name, result)))
    for table in (calls, flat, memory):
        console.print(table)


def _list_once(port: int, server: psutil.Process) -> list[str]:
    before = _megabytes(server)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    started = time.perf_counter()
    connection.request("GET", "/metadata")
    response, size, most = connection.getresponse(), 0, before
    while piece := response.read(1 << 20):
        size += len(piece)
        most = max(most, _megabytes(server))
    return [f"{size / 1e6:.1f}", f"{time.perf_counter() - started:.2f}", f"{before:.0f}", f"{most:.0f}"]


def _megabytes(server: psutil.Process) -> float:
    return sum(int(process.memory_info().rss) for process in [server, *server.children(recursive=True)]) / 1e6


def main() -> int:
    """Set a PostgreSQL up unless DATABASE_URL names one, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--durable", action="store_true", help="turn on the fsync that the tests' PostgreSQL goes without"
    )
    parser.add_argument("--port", type=int, default=3109)
    parser.add_argument("--requests", type=int, default=4000, help="of each kind")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 100_000, 1_000_000], help="records")
    arguments = parser.parse_args()
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        command = [
            sys.executable,
            "-m",
            "tests.with_postgresql",
            sys.executable,
            "-m",
            "benchmarks.metadata",
            "--durable",
        ]
        return subprocess.call([*command, *sys.argv[1:]])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if arguments.durable:
        make_durable()
    subprocess.check_call([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT)
    measure(arguments.port, arguments.requests, arguments.sizes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
