"""What is Spark's own: files read in pieces and where they lie; what it cannot read, handed to DuckDB."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rest_framework.test import APIClient

from compute.engines import engine_class
from compute.engines.base import EngineEnvironment, Resources, Target
from compute.files.errors import BrokenFile, EngineUnavailable, FileChanged
from compute.files.formats import Format, Source
from compute.files.versions import version_of
from compute.jobs.execute import execute
from compute.jobs.orders import JobResult, JobSpec
from compute.operations.base import Result, Scan
from compute.operations.cell_types import Cell, CellType
from compute.operations.group_by import Aggregation
from tests.compute.asking import ask, settled
from tests.compute.conftest import RunningRunner
from tests.compute.tables import order, prepared, read_table, result, run, write_table
from tests.fakes.faulty import wait_until

NASTY = 'a.b,`c`,%2E d,e\r\n007, x ,"quoted, with ""quotes""",1\r\nü,\\n\\,\'"",\r\n\r\n"",NaN,"",1e3\r\n'.replace(
    "'", ""
)


def _both(path: Path, operation: str, **parameters: Any) -> tuple[bytes, bytes]:
    return tuple(run(path, operation, engine=engine, **parameters)[1].read_bytes() for engine in ("duckdb", "spark"))  # type: ignore[return-value]


@pytest.fixture
def in_pieces() -> Any:
    """Files are read in pieces of 20 kB."""
    prepared("spark")
    session = import_module("pyspark.sql").SparkSession.getActiveSession()
    session.conf.set("spark.sql.files.maxPartitionBytes", "20000")
    yield
    session.conf.unset("spark.sql.files.maxPartitionBytes")


def _in_order(path: Path) -> None:
    path.write_text("n,k,q\n" + "".join(f'{n},{n % 3},"a ""{n}"""\n' for n in range(5_000)))


def test_a_file_in_many_pieces_is_one_file_in_its_order(in_pieces: None, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    _in_order(path)
    asked = {"by": ["k"], "aggregations": {"n": ["first", "last", "sum", "median"]}}

    copied, other = _both(path, "non_null", columns=["n"])
    assert copied == other == path.read_bytes()
    assert [row["n"] for row in result(path, "preview", engine="spark", rows=3)] == ["0", "1", "2"]
    outcome, written = run(path, "group_by", engine="spark", **asked)
    assert outcome.rows_in == 5_000
    assert read_table(written) == result(path, "group_by", engine="duckdb", **asked)


def test_parquet_gives_what_duckdb_gives(tmp_path: Path) -> None:
    values = [("a", 2**53 + 1, 1.5), ("b", 2, float("nan")), ("a", None, -0.25), (None, 4, 1e300)]
    rows = [{"k": k, "w": w, "d": d, "day": date(2024, 1, 1 + day)} for day, (k, w, d) in enumerate(values)]
    path = write_table(tmp_path, "parquet", rows)
    asked = {"w": list(Aggregation), "d": list(Aggregation), "day": ["min", "last", "n_unique"]}

    for operation, parameters in (
        ("group_by", {"by": ["k"], "aggregations": asked}),
        ("stats", {"columns": ["w"], "by": ["k"]}),
        ("stats", {"columns": ["d"], "by": ["k"]}),
        ("non_null", {"columns": ["w"]}),
    ):
        expected, found = (pq.read_table(run(path, operation, engine=e, **parameters)[1]) for e in ("duckdb", "spark"))
        assert found.schema.types == expected.schema.types
        for row, same in zip(found.to_pylist(), expected.to_pylist(), strict=True):
            assert row == pytest.approx(same, nan_ok=True)


def test_rows_of_quotes_and_odd_names_are_read_as_duckdb_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(NASTY.encode())

    assert len(set(_both(path, "non_null", columns=["a.b"]))) == 1
    assert len(set(_both(path, "group_by", by=["a.b", "`c`"], aggregations={"%2E d": ["first"], "e": ["sum"]}))) == 1
    assert len(set(_both(path, "stats", columns=["e"], by=["`c`"]))) == 1
    sort = [{"column": "a.b", "descending": True}]
    asked: dict[str, Any] = {"by": ["`c`", "a.b"], "aggregations": {"%2E d": ["first"]}, "sort": sort, "limit": 3}
    assert len(set(_both(path, "group_by", **asked))) == 1


def test_a_file_that_goes_while_spark_reads_it_is_not_called_damaged(tmp_path: Path) -> None:
    path = write_table(tmp_path, "parquet", [{"a": 1}])
    resources = Resources(256 * 1024**2, 2, tmp_path, str(tmp_path))
    prepared("spark")
    with engine_class("spark")(Source(path, Format.PARQUET, Format.PARQUET), resources) as engine:
        engine.columns()
        frame = engine.scan(Scan([Cell("a", CellType.RAW)]))
        path.unlink()
        with pytest.raises(FileChanged, match="find no such file"):
            engine.write(Result(frame), Target(tmp_path / "result.parquet", Format.PARQUET))


@pytest.mark.parametrize(
    ("late", "reason"),
    [
        (b"1\n", "cannot be read"),
        (b"1,2,3\n", "cannot be read"),
        (b'"1,2\n', "cannot be read"),
        (b"caf\xc3\xa9\xe9,2\n", "not UTF-8"),
    ],
    ids=["too short", "too long", "open quote", "damaged UTF-8"],
)
def test_a_fault_far_behind_the_header_is_refused_as_duckdb_does(late: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + (b"1," + b"2" * 500 + b"\n") * 2_500 + late + b"1,2\n")

    for engine in ("duckdb", "spark"):
        with pytest.raises(BrokenFile, match=reason):
            run(path, "non_null", engine=engine, columns=["b"])


def test_cells_with_line_breaks_and_a_cell_too_many_at_the_end_are_read_by_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n"x\ny",1\nz,2,\n')

    assert result(path, "non_null", engine="spark", columns=["b"]) == [{"a": "x\ny", "b": "1"}, {"a": "z", "b": "2"}]


def test_types_that_spark_does_not_have_become_the_nearest_it_has(tmp_path: Path) -> None:
    table = pa.table(
        {
            "u": pa.array([2**64 - 1], pa.uint64()),
            "t": pa.array([1_700_000_000_123_456_000], pa.timestamp("ns")),
            "h": pa.array([3_600_000_000], pa.time64("us")),
            "b": [b"\x00\xff"],
            "l": [[1, 2]],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")

    rows = result(tmp_path / "t.parquet", "non_null", engine="spark", columns=["u"])
    summed = result(tmp_path / "t.parquet", "group_by", engine="spark", by=["u"], aggregations={"t": ["max"]})

    moment = datetime(2023, 11, 14, 22, 13, 20, 123456)  # noqa: DTZ001 - the file says no zone
    assert rows == [{"u": Decimal(2**64 - 1), "t": moment, "h": "01:00:00", "b": b"\x00\xff", "l": [1, 2]}]
    assert summed == [{"u": Decimal(2**64 - 1), "t_max": moment}]


@pytest.mark.parametrize("name", ["a b{*}[1]#é.csv", "_hidden.csv", "t.json", "t.parquet"])
def test_files_behind_a_url_are_read_where_they_are_or_fetched(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.endswith("parquet"):
        pq.write_table(pa.table({"k": ["a", "a"], "x": [1, 2]}), path)
    else:
        path.write_text('[{"k": "a", "x": 1}, {"k": "a", "x": 2}]' if name == "t.json" else "k,x\na,1\na,2\n")
    plain = order(path, "group_by", engine="spark", by=["k"], aggregations={"x": ["sum"]}, output_format="csv")

    outcome = _behind_a_url(plain)

    assert (Path(plain.results) / outcome.result_name).read_text() == "k,x_sum\na,3\n"


def _behind_a_url(plain: JobSpec) -> JobResult:
    prepared("spark")
    place = f"file://{plain.input_path}"
    return execute(
        replace(
            plain,
            input_path=place,
            input_version=version_of(place) or "",
            results=f"file://{plain.results}",
            shared_scratch=f"file://{plain.scratch}/shared",
        ),
        lambda _: None,
    )


@pytest.mark.parametrize("format_", ["xml", "json", "parquet"])
def test_copies_that_spark_cannot_read_in_a_store_are_read_here(format_: str, tmp_path: Path) -> None:
    """A profile and `where` begin with a copy, which DuckDB reads where its types or its origin are not for Spark."""
    path = write_table(tmp_path, format_, [{"k": "a", "x": 1}, {"k": "b", "x": 2}])
    if format_ == "parquet":
        pq.write_table(pa.table({"k": ["a", "b"], "x": [1, 2], "at": pa.array([1, 2], pa.time64("us"))}), path)
    where = [{"column": "x", "op": ">", "value": 1}]
    asked = {"by": ["k"], "aggregations": {"x": ["sum"]}, "where": where, "output_format": "csv"}
    plain = order(path, "group_by", engine="spark", **asked)

    outcome = _behind_a_url(plain)
    profile = _behind_a_url(order(path, "profile", engine="spark", columns=["x"], output_format="csv"))

    assert (Path(plain.results) / outcome.result_name).read_text() == "k,x_sum\nb,2\n"
    assert (outcome.rows_in, outcome.rows_out, profile.rows_out) == (2, 1, 1)


@pytest.mark.parametrize(
    ("place", "there"),
    [
        ("/srv/compute/a b.csv", "file:///srv/compute/a b.csv"),
        ("s3://bucket/compute/a.csv", "s3a://bucket/compute/a.csv"),
        ("s3a://bucket/a.csv", "s3a://bucket/a.csv"),
        ("gcs://bucket/a.csv", "gs://bucket/a.csv"),
        ("abfss://files@account.dfs.core.windows.net/a.csv", "abfss://files@account.dfs.core.windows.net/a.csv"),
        ("hdfs://name:9000/a.csv", "hdfs://name:9000/a.csv"),
    ],
)
def test_places_are_spelled_as_hadoop_spells_them(place: str, there: str) -> None:
    assert import_module("compute.engines.spark.session").hadoop_path(place) == there


def test_a_server_that_does_not_answer_is_told_at_once_without_its_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    module = import_module("compute.engines.spark.session")
    monkeypatch.setattr(module.SparkSession, "getActiveSession", lambda: None)

    with pytest.raises(EngineUnavailable):
        module.start(EngineEnvironment(512 * 1024**2, "", spark_remote="sc://127.0.0.1:9/;token=secret"))

    assert "could not be started" in caplog.text
    assert "secret" not in caplog.text


def test_a_session_that_the_jvm_has_stopped_is_replaced(tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", [{"x": 1}, {"x": 2}])
    prepared("spark")
    import_module("pyspark.sql").SparkSession.getActiveSession().sparkContext._jsc.sc().stop()

    try:
        assert result(path, "stats", engine="spark", columns=["x"])[0]["max"] == "2"
    finally:
        prepared.cache_clear()


def _has_java(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):  # what starts Java comes and goes
        return "java" in {child.name() for child in process.children(recursive=True)}
    return False


def test_cancelling_a_job_ends_its_java(
    client: APIClient, settings: Any, start_runner: Callable[[], RunningRunner], compute_root: Path
) -> None:
    settings.COMPUTE_ENGINE = "spark"
    (compute_root / "t.csv").write_text("a,b\n" + "".join(f"{number},{number}\n" for number in range(1_000_000)))
    runner = start_runner()
    body = {"file_path": "t.csv", "by": ["a"], "aggregations": {"b": ["std", "n_unique"]}}
    job = client.post("/api/compute/group_by", body, format="json", headers={"Prefer": "respond-async"})
    child = psutil.Process(runner.busy_child())
    wait_until(lambda: _has_java(child))
    processes = [child, *child.children(recursive=True)]

    client.delete(job["Location"])

    assert psutil.wait_procs(processes, timeout=20)[1] == []
    wait_until(lambda: not list((compute_root / ".scratch").iterdir()))


@pytest.mark.timeout(400)
def test_a_java_killed_between_two_jobs_costs_the_next_an_attempt(
    client: APIClient, settings: Any, start_runner: Callable[[], RunningRunner], compute_root: Path
) -> None:
    settings.COMPUTE_ENGINE = "spark"
    (compute_root / "t.csv").write_text("a,b\n1,2\n")
    body = {"file_path": "t.csv", "columns": ["a"]}
    runner = start_runner()
    assert settled(ask(client, "stats", body).json()["id"], 180).status == "done"
    assert runner.runner is not None
    child = psutil.Process(runner.runner.slots[0].worker.pid)

    for process in child.children(recursive=True):
        process.kill()

    job = settled(ask(client, "stats", body).json()["id"], 180)
    assert (job.status, job.attempts) == ("done", 2)
