"""The operations of compute as one would write them by hand with each library: the peers of benchmarks/compute.py.

`python -m benchmarks.peers.compute PEER OPERATION PATH` computes once; with `--warm` a small file first, so that all
imports are done, then again and again, and prints the fastest run's seconds. Both print the peak memory in MB.
"""
# ruff: noqa: PLC0415 - each peer pays for its own imports, and for no other's

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RUNS = 5


def with_duckdb(operation: str, path: Path, out: Path) -> None:
    """The operation as one would write it for DuckDB."""
    import duckdb

    source = f"read_csv('{path}')" if path.suffix == ".csv" else f"'{path}'"
    numbers = [
        f"count({c}), avg({c}), var_samp({c}), stddev_samp({c}), min({c}), max({c})" for c in ("price", "quantity")
    ]
    query = {
        "group_by": f"SELECT shop, avg(price), sum(price), sum(quantity) FROM {source} GROUP BY shop",
        "non_null": f"SELECT * FROM {source} WHERE note IS NOT NULL",
        "stats": f"SELECT {', '.join(numbers)} FROM {source}",
    }[operation]
    duckdb.execute(f"COPY ({query}) TO '{out}'")


def with_polars(operation: str, path: Path, out: Path) -> None:
    """The operation as one would write it for Polars."""
    import polars as pl

    frame = pl.scan_csv(path) if path.suffix == ".csv" else pl.scan_parquet(path)
    price, quantity = pl.col("price"), pl.col("quantity")
    if operation == "group_by":
        frame = frame.group_by("shop").agg(price.mean(), price.sum().alias("sum"), quantity.sum())
    elif operation == "non_null":
        frame = frame.filter(pl.col("note").is_not_null())
    else:
        frame = frame.select(
            getattr(column, name)().alias(f"{column.meta.output_name()}_{name}")
            for column in (price, quantity)
            for name in ("count", "mean", "var", "std", "min", "max")
        )
    (frame.sink_csv if path.suffix == ".csv" else frame.sink_parquet)(out)


def with_pandas(operation: str, path: Path, out: Path) -> None:
    """The operation as one would write it for pandas."""
    import pandas as pd

    data = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    if operation == "group_by":
        result: Any = data.groupby("shop").agg({"price": ["mean", "sum"], "quantity": "sum"})
        result.columns = ["price_mean", "price_sum", "quantity_sum"]
    elif operation == "non_null":
        result = data[data["note"].notna()]
    else:
        result = data[["price", "quantity"]].agg(["count", "mean", "var", "std", "min", "max"])
    (result.to_csv if path.suffix == ".csv" else result.to_parquet)(out)


PEERS: dict[str, Callable[[str, Path, Path], None]] = {
    "duckdb": with_duckdb,
    "polars": with_polars,
    "pandas": with_pandas,
}


def main(peer: str, operation: str, path: Path, *, warm: bool) -> None:
    """Compute, and print what it took."""
    out = path.with_suffix(".out")
    if warm:
        PEERS[peer](operation, path.with_name("small.csv"), out)
        print(min(_seconds(lambda: PEERS[peer](operation, path, out)) for _ in range(RUNS)))
    else:
        PEERS[peer](operation, path, out)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), warm="--warm" in sys.argv)
