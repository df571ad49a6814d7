"""group_by, non_null and stats on a Spark cluster of this machine: seconds with one worker and with two.

`python -m benchmarks.spark_cluster [--rows N] [--runs N]`, after `make test-spark-cluster` has put the jars there.

Workers have one core and 700 MB each. Two worker processes of Apron, one of which may use one core of the cluster and the
other two, take turns; each has had a job before. The median counts. On a machine of two cores the driver is on the same two,
and so is DuckDB, which makes one file of the pieces.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.compute import PARAMETERS, generate
from compute.jobs.worker_process import WorkerProcess
from tests.compute.tables import order
from tests.fakes.faulty import wait_until
from tests.real.spark.cluster import cluster, options

MEMORY = 768 * 1024**2
SECONDS = 900.0  # for a job
CORES = (1, 2)


@contextmanager
def child(master: str, cores: int) -> Iterator[WorkerProcess]:
    """Run a worker process with so many cores of the cluster for itself."""
    chosen = {"spark.cores.max": str(cores), "spark.dynamicAllocation.enabled": "false"}
    worker = WorkerProcess(
        {
            "engine": "spark",
            "data_bytes": 3 * MEMORY,
            "file_bytes": 20 * 1024**3,
            "recycle_above_bytes": MEMORY,
            "environment": {"memory": MEMORY, "spark_master": master, "spark_conf": options(chosen)},
        }
    )
    try:
        yield worker
    finally:
        worker.end()


def seconds_of(worker: WorkerProcess, path: Path, operation: str) -> float:
    """Return how long a job takes."""
    spec = order(path, operation, engine="spark", **PARAMETERS[operation])
    started = time.perf_counter()
    worker.start(spec)
    answer = wait_until(worker.answer, seconds=SECONDS, what=operation)
    if answer is None or "done" not in answer:
        raise SystemExit(f"{operation} of {path.name}: {answer}")
    return time.perf_counter() - started


def main() -> None:
    """Print a table for docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        generate(folder, arguments.rows)
        found = stack.enter_context(cluster(workers=sum(CORES)))
        workers = [stack.enter_context(child(found.url, cores)) for cores in CORES]
        for worker in workers:
            seconds_of(worker, folder / "small.csv", "group_by")
        print(f"{arguments.rows} rows, median of {arguments.runs}\n")
        print("| file | operation | one worker | two workers | ratio |\n|---|---|---|---|---|")
        for name in ("big.csv", "big.parquet"):
            for operation in PARAMETERS:
                runs = [[seconds_of(each, folder / name, operation) for each in workers] for _ in range(arguments.runs)]
                one, two = (statistics.median(column) for column in zip(*runs, strict=True))
                print(f"| {name} | {operation} | {one:.1f} | {two:.1f} | {two / one:.2f} |", flush=True)


if __name__ == "__main__":
    main()
