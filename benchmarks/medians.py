"""median over many groups, beside DuckDB's own median of the same file in the same memory.

`python -m benchmarks.medians [--rows N]`: N rows (3,000,000) in about half as many groups. It prints seconds, the fastest of
three, each in a process of its own, the ratio, and peak memory.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tests.compute.tables import run

MEMORY = 512 * 1024**2
RUNS = 3


def generate(path: Path, rows: int) -> None:
    """Write keys and prices by chance."""
    duckdb.sql(
        f"COPY (SELECT (random() * {rows // 2})::INT AS k, (random() * 1000)::DECIMAL(9, 2) AS price FROM range({rows}))"
        f" TO '{path}' (HEADER)"
    )


def apron(path: Path) -> None:
    """Run the job as a worker process does."""
    run(path, "group_by", by=["k"], aggregations={"price": ["median"]}, memory=MEMORY)


def peer(path: Path) -> None:
    """Let DuckDB compute its own median."""
    connection = duckdb.connect(
        config={"memory_limit": f"{MEMORY}B", "threads": 2, "temp_directory": f"{path}.spilled"}
    )
    query = f"SELECT k, median(price::DOUBLE) FROM '{path}' GROUP BY k ORDER BY k"
    connection.execute(f"COPY ({query}) TO '{path}.out' (HEADER)")


CONTENDERS = {"Apron": apron, "DuckDB's median": peer}


def one(name: str, path: Path) -> None:
    """Run a contender, and print its seconds and the peak memory in MB."""
    start = time.perf_counter()
    CONTENDERS[name](path)
    took = time.perf_counter() - start
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))
    print(took, peak)


def main() -> None:
    """Measure both in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--one", help="of the command's own use: the contender to run")
    parser.add_argument("--path", type=Path, help="of the command's own use: on this file")
    asked = parser.parse_args()
    if asked.one:
        one(asked.one, asked.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        generate(path, asked.rows)
        found: dict[str, list[list[str]]] = {name: [] for name in CONTENDERS}
        for _ in range(RUNS):
            for name in CONTENDERS:
                command = [sys.executable, "-m", "benchmarks.medians", "--one", name, "--path", str(path)]
                found[name].append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
        fastest = {name: min(float(seconds) for seconds, _ in runs) for name, runs in found.items()}
        for name, runs in found.items():
            ratio = fastest[name] / fastest["DuckDB's median"]
            print(f"{name:16} {fastest[name]:6.2f} s {ratio:5.2f} x {max(int(peak) for _, peak in runs)} MB")


if __name__ == "__main__":
    main()
