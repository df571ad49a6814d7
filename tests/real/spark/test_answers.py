"""Every operation on every format, in a folder that all share and in S3: a cluster answers as DuckDB does."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
import xlsxwriter
from pyarrow import feather

from compute.files.versions import version_of
from compute.jobs.orders import JobSpec
from compute.jobs.worker_process import WorkerProcess
from compute.operations.group_by import Aggregation
from tests.compute.tables import FORMATS, order, read_table, run, write_table
from tests.fakes.faulty import wait_until
from tests.fakes.s3 import BUCKET, S3
from tests.real.spark.cluster import QUICK, Cluster, options
from tests.real.spark.conftest import KEYS, SAMPLE, SECONDS

pytestmark = pytest.mark.timeout(900)
ALL_FORMATS = (*FORMATS, "arrow", "xlsx")
PLACES = ("folder", "s3a")
PIECE = 40_000  # bytes of a file that one task reads
ROWS = [
    {
        "shop": f"{number % 7:03}",
        "currency": ("EUR", "USD", None)[number % 3],
        "quantity": number * 37 % 101,
        "price": None if number % 11 == 0 else number * 0.25,
        "note": f'ä "{number}", b',
    }
    for number in range(2_000)
]
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "group_by": (
        "group_by",
        {"by": ["shop", "currency"], "aggregations": {"price": list(Aggregation), "quantity": list(Aggregation)}},
    ),
    "stats": ("stats", {"columns": ["price", "quantity"], "by": ["currency"]}),
    "non_null": ("non_null", {"columns": ["price", "currency"]}),
    "profile": ("profile", {"columns": []}),
    "preview": ("preview", {"rows": 5}),
    "where": (
        "group_by",
        {
            "by": ["shop"],
            "aggregations": {"note": ["first", "last"], "price": ["sum"]},
            "where": [
                {"column": "currency", "op": "in", "value": ["EUR"]},
                {"column": "quantity", "op": ">=", "value": 50},
            ],
            "sort": [{"column": "price_sum", "descending": True}],
            "limit": 3,
        },
    ),
}


def _cases() -> Iterator[Any]:
    """Yield operation, format and place; of the sample, each operation, each format and each place in turns."""
    for row, operation in enumerate(OPERATIONS):
        for column, format_ in enumerate(ALL_FORMATS):
            for number, place in enumerate(PLACES):
                if not SAMPLE or ((row + column) % len(OPERATIONS) == 0 and (row + number) % len(PLACES) == 0):
                    yield pytest.param(operation, format_, place, id=f"{operation}-{format_}-{place}")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The same rows in every format."""
    folder = tmp_path_factory.mktemp("files")
    found = {format_: write_table(folder, format_, ROWS) for format_ in FORMATS}
    found["arrow"], found["xlsx"] = folder / "table.arrow", folder / "table.xlsx"
    feather.write_feather(pa.Table.from_pylist(ROWS), found["arrow"])
    with xlsxwriter.Workbook(found["xlsx"]) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([list(ROWS[0]), *(list(row.values()) for row in ROWS)]):
            sheet.write_row(number, 0, row)
    return found


@pytest.fixture(scope="module")
def child(spark: Cluster, store: S3, event_log: Path) -> Iterator[WorkerProcess]:
    """A worker process as a runner starts it."""
    spark.wait_for_workers()
    told = {"spark.sql.files.maxPartitionBytes": str(PIECE)} | QUICK
    told |= {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": event_log.as_uri(),
    }
    worker = WorkerProcess(
        {
            "engine": "spark",
            "data_bytes": 3 * 1024**3,
            "file_bytes": 1024**3,
            "recycle_above_bytes": 1024**3,
            "environment": {"memory": 512 * 1024**2, "spark_master": spark.url, "spark_conf": options(told)},
        }
    )
    yield worker
    worker.end()


def _answer(child: WorkerProcess, spec: JobSpec) -> dict[str, Any]:
    child.start(spec)
    answer = wait_until(child.answer, seconds=SECONDS, what=f"an answer to {spec.operation}")
    assert answer is not None
    return answer


def _in_store(spec: JobSpec, store: S3) -> JobSpec:
    path = Path(spec.input_path)
    store.put(path.name, path.read_bytes())
    url = f"s3://{BUCKET}/{path.name}"
    return replace(
        spec,
        input_path=url,
        input_version=version_of(url) or "",
        results=f"s3://{BUCKET}/results",
        shared_scratch=f"s3://{BUCKET}/.scratch/{Path(spec.scratch).name}",
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(feather.read_table(path).to_pylist()) if path.suffix == ".arrow" else read_table(path)


def _same(found: Any, expected: Any) -> bool:
    """Whether values are equal: doubles, also as text, but for their last digits, which depend on the order of a sum."""
    if isinstance(expected, list | dict) or isinstance(found, list | dict):
        return bool(found == expected)
    try:
        return math.isclose(float(found), float(expected), rel_tol=1e-12)
    except (TypeError, ValueError):
        return bool(found == expected)


@pytest.mark.parametrize(("operation", "format_", "place"), list(_cases()))
def test_a_cluster_answers_as_duckdb_does(
    operation: str, format_: str, place: str, files: Mapping[str, Path], child: WorkerProcess, store: S3
) -> None:
    name, parameters = OPERATIONS[operation]
    expected, there = run(files[format_], name, **parameters)
    spec = order(files[format_], name, engine="spark", **parameters)

    answer = _answer(child, _in_store(spec, store) if place == "s3a" else spec)

    assert "done" in answer, answer
    done = answer["done"]
    assert (done["rows_in"], done["rows_out"], done["columns"]) == (
        expected.rows_in,
        expected.rows_out,
        expected.columns,
    )
    path = Path(spec.results) / done["result_name"]
    if place == "s3a":
        path.write_bytes(store.get(f"results/{path.name}"))
    assert path.suffix == there.suffix
    found, same = _rows(path), _rows(there)
    assert [list(row) for row in found] == [list(row) for row in same]
    for row, other in zip(found, same, strict=True):
        assert {key: value for key, value in row.items() if not _same(value, other[key])} == {}


def test_no_key_of_the_store_is_in_a_log_an_event_or_a_command_line(
    files: Mapping[str, Path], child: WorkerProcess, store: S3, spark: Cluster, event_log: Path
) -> None:
    spec = _in_store(order(files["parquet"], "stats", engine="spark", columns=["price"]), store)
    assert "done" in _answer(child, spec)

    processes = [*spark.executors(), *psutil.Process(child.pid).children(recursive=True)]
    commands = [" ".join(process.cmdline()) for process in processes if process.status() != psutil.STATUS_ZOMBIE]
    events = {path: path.read_bytes() for path in event_log.rglob("*") if path.is_file()}
    assert len(commands) >= 2
    assert any(b"fs.s3a.access.key" in content for content in events.values())  # they tell of the keys, redacted
    for secret in KEYS.values():
        assert [command for command in commands if secret in command] == []
        assert [path for path, content in (*events.items(), *spark.written()) if secret.encode() in content] == []
