"""group_by on the same million rows in files of every kind, beside the usual CSV, which DuckDB reads as it is.

`python -m benchmarks.reading [--rows N]` prints seconds, the time beside that of the usual CSV, and peak memory: of the job
alone, each in a process of its own, the fastest of three.
"""

import argparse
import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.compute.tables import run

RUNS = 3


def table(rows: int) -> Iterator[tuple[str, str, str, str]]:
    """Yield k (a hundred different ones), price, quantity and name."""
    for number in range(rows):
        yield f"k{number % 100}", f"{number % 977}.{number % 10}", str(number % 50), f"name {number % 1000}"


def generate(folder: Path, rows: int) -> list[Path]:
    """Write the files, the usual CSV first."""
    usual = "k,price,quantity,name\n" + "".join(",".join(row) + "\n" for row in table(rows))
    files = {
        "usual.csv": usual.encode(),
        "packed.csv.gz": gzip.compress(usual.encode(), 1),
        "windows-1252.csv": usual.replace("name ", "nom é ").encode("cp1252"),
        "utf-16.csv": usual.encode("utf-16"),
        "backslashes.csv": _backslashes(rows),
        "wrapped.json": _wrapped(rows),
        "nested.xml": _xml(rows),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def _backslashes(rows: int) -> bytes:
    lines = (f'{k},{price},{n},"a \\"{name}\\""\n' for k, price, n, name in table(rows))
    return f"k,price,quantity,name\n{''.join(lines)}".encode()


def _wrapped(rows: int) -> bytes:
    records = (f'{{"k":"{k}","price":{price},"quantity":{n},"name":"{name}"}}' for k, price, n, name in table(rows))
    return ('{"data": [' + ",\n".join(records) + f'], "total": {rows}}}').encode()


def _xml(rows: int) -> bytes:
    records = (
        f"<row><k>{k}</k><price>{price}</price><quantity>{n}</quantity><name>{name}</name></row>\n"
        for k, price, n, name in table(rows)
    )
    return f"<rows>\n{''.join(records)}</rows>\n".encode()


def one(path: Path) -> None:
    """Run the job, and print its seconds, the rows that were read and the peak memory in MB."""
    start = time.perf_counter()
    outcome, _ = run(path, "group_by", by=["k"], aggregations={"price": ["sum", "mean"]})
    took = time.perf_counter() - start
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))
    print(took, outcome.rows_in, peak)


def main() -> None:
    """Measure each file in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", type=Path, help="of the command's own use: run one job on this file")
    asked = parser.parse_args()
    if asked.one:
        one(asked.one)
        return
    usual = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for path in generate(Path(folder), asked.rows):
            command = [sys.executable, "-m", "benchmarks.reading", "--one", str(path)]
            found = [
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(RUNS)
            ]
            seconds, peak = min(float(each[0]) for each in found), max(int(each[2]) for each in found)
            usual = usual or seconds
            megabytes = path.stat().st_size / 1e6
            print(
                f"{path.name:18} {megabytes:4.0f} MB {seconds:6.2f} s {seconds / usual:6.1f} x {found[0][1]} rows {peak} MB"
            )


if __name__ == "__main__":
    main()
