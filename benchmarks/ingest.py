"""`python -m benchmarks.ingest`: ingest beside the literal FastAPI + SQLAlchemy + aiokafka service.

Same PostgreSQL, same broker, 2 worker processes each, 32 connections, taking turns; fsync is on. Needs wrk and the
packages of the extra `bench`.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
import psycopg
import requests

from tests.fakes.faulty import free_port, wait_until
from tests.fakes.platform import ROOT, Platform

CONNECTIONS = 32
CONTENT = "Seat 14C bought two coffees and a model aeroplane, paid by card."
ROWS = 100_000


def wrk(url: str, seconds: float, body: bytes, headers: dict[str, str]) -> tuple[float, float, int]:
    """Return requests/s, p99 in milliseconds, and how many answers were no 2xx."""
    lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "body").write_bytes(body)
        script = Path(folder) / "post.lua"
        script.write_text(
            "\n".join(['wrk.method = "POST"', f'wrk.body = io.open("{folder}/body", "rb"):read("*a")', *lines])
        )
        report = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}", "--timeout", "10s", "--latency", "-s", script, url],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])  # type: ignore[index]
    p99, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", report).groups()  # type: ignore[union-attr]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    return rate, float(p99) * {"us": 0.001, "ms": 1, "s": 1000}[unit], int(bad[1]) if bad else 0


@contextmanager
def peer(platform: Platform) -> Iterator[str]:
    """The literal service; yields the address of its /data."""
    environment = os.environ | {
        "PEER_DATABASE_URL": f"postgresql+asyncpg://postgres@/postgres?host={platform.socket_folder}",
        "KAFKA_BOOTSTRAP_SERVERS": platform.kafka.address,
    }
    with psycopg.connect(platform.dsn) as connection:
        connection.execute(
            "CREATE TABLE peer_data_entries (id serial PRIMARY KEY, content jsonb, created_at timestamptz DEFAULT now())"
        )
    with free_port() as port:
        pass
    command = [sys.executable, "-m", "uvicorn", "benchmarks.peers.ingest_fastapi:app", "--port", str(port)]
    process = subprocess.Popen([*command, "--workers", "2", "--log-level", "warning"], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}/data"
    try:
        wait_until(lambda: process.poll() is not None or _answers(url), seconds=30, what="the peer answering")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.ConnectionError:
        return False


def wait_for_drain(platform: Platform) -> tuple[int, float]:
    """Wait until the relay has published everything; return how many rows waited, and the seconds it took."""
    started = time.monotonic()
    with psycopg.connect(platform.dsn, autocommit=True) as connection:
        count = "SELECT count(*) FROM data_entries WHERE published_at IS NULL"
        waiting = connection.execute(count).fetchone()[0]  # type: ignore[index]
        wait_until(lambda: connection.execute(count).fetchone() == (0,), seconds=120, what="the drain")
    return waiting, time.monotonic() - started


def compare_posts(platform: Platform, peer_url: str, seconds: float, rounds: int) -> None:
    """Take turns, so that the machine's moods hit both; print medians."""
    single = orjson.dumps({"content": CONTENT})
    bulk = orjson.dumps([{"content": CONTENT}] * 1000)
    kinds: dict[str, tuple[str, bytes, dict[str, str], int]] = {
        "FastAPI + SQLAlchemy + aiokafka": (peer_url, single, {}, 1),
        "Apron, default": (platform.url, single, {}, 1),
        "Apron, respond-async": (platform.url, single, {"Prefer": "respond-async"}, 1),
        "Apron, bulk of 1000": (platform.url, bulk, {}, 1000),
    }
    results: dict[str, list[tuple[float, float, int, int]]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, (url, body, headers, items) in kinds.items():
            rate, p99, bad = wrk(url, seconds, body, {"Content-Type": "application/json", **headers})
            waiting, _ = wait_for_drain(platform)
            results[name].append((rate * items, p99, bad, waiting))
    base = statistics.median(run[0] for run in results["FastAPI + SQLAlchemy + aiokafka"])
    print(f"{'POST':34}{'items/s':>10}{'ratio':>8}{'p99 ms':>9}{'not 2xx':>9}{'left to the relay':>19}")
    for name, runs in results.items():
        rate, p99 = (statistics.median(run[place] for run in runs) for place in (0, 1))
        print(
            f"{name:34}{rate:10.0f}{rate / base:8.2f}{p99:9.0f}{sum(run[2] for run in runs):9}{sum(run[3] for run in runs):19}"
        )


def measure_relay(platform: Platform) -> None:
    """Print how fast one relay drains ROWS rows."""
    with psycopg.connect(platform.dsn) as connection:
        connection.execute(
            "INSERT INTO data_entries (content) SELECT to_jsonb(%s::text) FROM generate_series(1, %s)", [CONTENT, ROWS]
        )
    waiting, seconds = wait_for_drain(platform)
    print(f"relay: {waiting:,} rows in {seconds:.1f} s, {waiting / seconds:,.0f} rows/s")


def measure_lists(platform: Platform, peer_url: str) -> None:
    """Print time to first byte, time, and how much the workers' memory grows, for a GET of ROWS rows."""
    for table in ("data_entries", "peer_data_entries"):
        with psycopg.connect(platform.dsn) as connection:
            connection.execute(f"TRUNCATE {table}")
            column = ", published_at" if table == "data_entries" else ""
            value = ", now()" if column else ""
            connection.execute(
                f"INSERT INTO {table} (content{column}) SELECT to_jsonb(%s::text){value} FROM generate_series(1, %s)",
                [CONTENT, ROWS],
            )
    for name, url in (("FastAPI + SQLAlchemy", peer_url), ("Apron", platform.url)):
        before = _peak_memory(url)
        first, total, rows = _download(url)
        print(f"GET {rows:,} rows, {name}: first byte {first * 1000:.0f} ms, all {total:.2f} s, "
              f"worker's memory {_peak_memory(url) - before:+.0f} MB")  # fmt: skip


def _download(url: str) -> tuple[float, float, int]:
    started = time.monotonic()
    with requests.get(url, stream=True, timeout=120) as response:
        chunks = response.iter_content(65536)
        body = [next(chunks)]
        first = time.monotonic() - started
        body += chunks
    return first, time.monotonic() - started, len(orjson.loads(b"".join(body)))


def _peak_memory(url: str) -> float:
    """Sum of the peak memory, in MB, of the processes that serve this port."""
    port = url.split(":")[2].split("/", maxsplit=1)[0]
    pids = subprocess.run(["pgrep", "-f", f"port {port}"], capture_output=True, text=True, check=True).stdout.split()
    return sum(_vm_hwm(pid) for pid in {pid for parent in pids for pid in (parent, *_children(parent))})


def _children(pid: str) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _vm_hwm(pid: str) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="apron-bench-")))
        folder.chmod(0o755)
        platform = stack.enter_context(Platform(folder, backlog_limit=10_000_000))
        peer_url = stack.enter_context(peer(platform))
        compare_posts(platform, peer_url, options.seconds, options.rounds)
        measure_relay(platform)
        measure_lists(platform, peer_url)


if __name__ == "__main__":
    main()
