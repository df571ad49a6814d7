"""`python -m benchmarks.slow_clients`: the web server beside the one before it, granian's WSGI.

Both serve one PostgreSQL and take turns. First what honest requests cost: POST /data, a page of a list, an upload. Then 500
slow clients: whether /health answers, and the memory they take. Needs wrk.
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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import orjson
import requests

from benchmarks.ingest import CONTENT, wrk
from tests.fakes.faulty import free_port, wait_until
from tests.fakes.platform import ROOT, Platform
from tests.fakes.slow_clients import Clients, slow_bodies, slow_headers, slow_readers

ROWS = 20_000
UPLOAD_BYTES = 256 * 1024**2
TOKEN = "benchmark"
SERVERS = {
    "granian, WSGI": "granian --interface wsgi --no-ws --blocking-threads 16 config.server.wsgi:application",
    "config.server": "python -m config.server",
}
COMMON = "--workers 2 --no-log --port"


class Server:
    """One of the servers, with its processes."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.name, self.process, self.port = name, process, port
        self.url = f"http://127.0.0.1:{port}/api"

    def cpu_seconds(self) -> float:
        """Return the CPU time that its processes have used."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self._pids()]
        return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """Return the peak memory of its processes."""
        found = [re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) for pid in self._pids()]
        return sum(int(each[1]) for each in found if each) / 1024

    def seconds_of_health(self) -> float:
        """Return how long /health takes; 5 where it does not answer."""
        started = time.monotonic()
        try:
            requests.get(f"{self.url}/health", timeout=5)
        except requests.RequestException:
            return 5.0
        return time.monotonic() - started

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/data", params={"limit": 1}, timeout=2).ok
        except requests.RequestException:
            return False

    def _pids(self) -> list[str]:
        own = str(self.process.pid)
        return [own, *Path(f"/proc/{own}/task/{own}/children").read_text().split()]


@contextmanager
def serving(name: str, command: str, environment: dict[str, str]) -> Iterator[Server]:
    """Start a server and wait for it."""
    with free_port() as port:
        pass
    program, *options = f"{command} {COMMON} {port}".split()
    process = subprocess.Popen([Path(sys.executable).parent / program, *options], cwd=ROOT, env=environment)
    server = Server(name, process, port)
    try:
        wait_until(server.is_up, seconds=60, what=f"{name} answering")
        yield server
    finally:
        process.terminate()
        process.wait(30)


def post(server: Server, seconds: float) -> float:
    """Return POST /data a second."""
    headers = {"Content-Type": "application/json", "Prefer": "respond-async"}
    return wrk(f"{server.url}/data", seconds, orjson.dumps({"content": CONTENT}), headers)[0]


def page(server: Server, seconds: float) -> float:
    """Return pages of a list a second."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds:.0f}", f"{server.url}/data?limit=20"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])  # type: ignore[index]


def honest(servers: list[Server], seconds: float, rounds: int) -> None:
    """Print what requests cost, the servers taking turns."""
    print(f"{'':16}{'':12}{'requests/s':>12}{'CPU us/request':>16}")
    for name, kind in {"POST /data": post, "GET a page": page}.items():
        runs: dict[str, list[tuple[float, float]]] = {server.name: [] for server in servers}
        for _ in range(rounds):
            for server in servers:
                before = server.cpu_seconds()
                rate = kind(server, seconds)
                runs[server.name].append((rate, (server.cpu_seconds() - before) / (rate * seconds) * 1e6))
        for server in servers:
            rate, cpu = (statistics.median(run[place] for run in runs[server.name]) for place in (0, 1))
            print(f"{name:16}{server.name:16}{rate:8.0f}{cpu:16.0f}")
        old, new = (runs[server.name] for server in servers)
        ratios = [after / before for (_, before), (_, after) in zip(old, new, strict=True)]
        print(f"{name:16}CPU, after / before: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def uploads(servers: list[Server], rounds: int) -> None:
    """Print how fast a large file comes in."""
    content, headers = os.urandom(UPLOAD_BYTES), {"Authorization": f"Bearer {TOKEN}"}
    for server in servers:
        took = []
        for _ in range(rounds):
            started = time.monotonic()
            answer = requests.put(
                f"{server.url}/compute/files/a.csv",
                params={"overwrite": "true"},
                data=content,
                headers=headers,
                timeout=120,
            )
            answer.raise_for_status()
            took.append(time.monotonic() - started)
        print(f"upload          {server.name:16}{UPLOAD_BYTES / 1e6 / statistics.median(took):8.0f} MB/s")


def attacks(servers: list[Server], count: int, seconds: float) -> None:
    """Print the slowest answer of /health, and the memory, while many clients are slow."""
    kinds: dict[str, Callable[[int, int], AbstractContextManager[Clients]]] = {
        "slow bodies": slow_bodies,
        "slow headers": slow_headers,
        "slow readers": lambda port, number: slow_readers(port, number, "/api/data"),
    }
    for name, kind in kinds.items():
        for server in reversed(servers):  # the other one is not of much use afterwards
            with kind(server.port, count):
                slowest, until = 0.0, time.monotonic() + seconds
                while time.monotonic() < until:
                    slowest = max(slowest, server.seconds_of_health())
                    time.sleep(0.2)
            told = "no answer" if slowest >= 5 else f"{slowest:.2f} s"
            print(f"{count} {name:14}{server.name:16}/health at most {told:>10}, peak memory {server.peak_mb():.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=500)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="apron-bench-")))
        folder.chmod(0o755)
        platform = stack.enter_context(Platform(folder, backlog_limit=10_000_000))
        environment = platform.environment | {"COMPUTE_ROOT": str(folder / "compute"), "API_TOKEN": TOKEN}
        servers = [stack.enter_context(serving(name, command, environment)) for name, command in SERVERS.items()]
        entries = [{"content": CONTENT * 10}] * (ROWS // 2)
        for _ in range(2):
            requests.post(
                f"{servers[0].url}/data", json=entries, headers={"Prefer": "respond-async"}, timeout=60
            ).raise_for_status()
        honest(servers, options.seconds, options.rounds)
        uploads(servers, options.rounds)
        attacks(servers, options.clients, 10)


if __name__ == "__main__":
    main()
