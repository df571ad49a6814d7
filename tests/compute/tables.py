"""Small tables as files in every format, and results read back: what the tests compare engines with."""

import atexit
import csv
import gzip
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq

from compute.engines import engine_class
from compute.engines.base import EngineEnvironment
from compute.files.formats import format_of
from compute.files.versions import version_of
from compute.jobs.execute import execute
from compute.jobs.orders import JobResult, JobSpec
from compute.reading.xml_elements import Apart
from compute.reading.xml_records import RecordsAt, read_records

QUICK_JAVA = (  # for many small jobs: nothing compiled for long, no class verified
    "--conf spark.sql.shuffle.partitions=1 --conf spark.sql.codegen.wholeStage=false --conf spark.sql.adaptive.enabled=false"
    " --driver-java-options '-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
    " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote' pyspark-shell"
)
Rows = Sequence[Mapping[str, Any]]
FORMATS = ("csv", "tsv", "json", "jsonl", "xml", "parquet")


ENGINES = ("duckdb", "pandas", "spark")  # each has to pass the whole table of tests


def write_table(folder: Path, format_: str, rows: Rows, name: str = "table") -> Path:
    """Write `rows` (all with the same keys) as `folder/name.format_`."""
    path, columns = folder / f"{name}.{format_}", list(rows[0])
    if format_ in ("csv", "tsv"):
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter="\t" if format_ == "tsv" else ",")
            cells = (
                [str(row[each]).lower() if row[each] in (True, False) else row[each] for each in columns]
                for row in rows
            )
            writer.writerows([columns, *cells])
    elif format_ == "json":
        path.write_text(json.dumps(rows, ensure_ascii=False))
    elif format_ == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif format_ == "xml":
        path.write_text(f"<rows>{''.join(_xml(row) for row in rows)}</rows>")
    else:
        table = {column: pa.array([_parquet_cell(row[column]) for row in rows]) for column in columns}
        pq.write_table(pa.table(table), path)
    return path


def _xml(row: Mapping[str, Any]) -> str:
    cells = (f"<{key}>{_text(value)}</{key}>" for key, value in zip(map(_xml_name, row), row.values(), strict=True))
    return f"<row>{''.join(cells)}</row>"


def _xml_name(name: str) -> str:
    """As SQL/XML writes what XML cannot have in a name."""
    return re.sub(r"[^\w.-]", lambda match: f"_x{ord(match[0]):04X}_", name)


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return escape(str(value), {"\r": "&#13;"})


def _parquet_cell(value: Any) -> Any:
    """As Python's value, integers of more than 64 bits as decimals."""
    return Decimal(value) if isinstance(value, int) and abs(value) >= 2**63 else value


def order(path: Path, operation: str, *, engine: str = "duckdb", **parameters: Any) -> JobSpec:
    """An order whose results go beside the file."""
    results = path.parent / "results"
    results.mkdir(exist_ok=True)
    defaults: dict[str, dict[str, Any]] = {"group_by": {"aggregations": {}}, "stats": {"by": []}}
    scratch = tempfile.mkdtemp(dir=path.parent)
    suffix = format_of(path.name) or ""
    return JobSpec(
        engine=engine,
        operation=operation,
        output_format=parameters.pop("output_format", ""),
        input_format=parameters.pop("input_format", suffix),
        parameters=defaults.get(operation, {}) | parameters,
        input_path=str(path),
        input_version=version_of(str(path)) or "",
        results=str(results),
        result_stem=f"{engine}-{operation}",
        scratch=scratch,
        shared_scratch=scratch,
        memory=parameters.pop("memory", 256 * 1024**2),
        threads=2,
    )


@cache
def prepared(engine: str) -> None:
    """Prepare the engine once in this process, as a child does."""
    os.environ["PYSPARK_SUBMIT_ARGS"] = QUICK_JAVA
    scratch = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    engine_class(engine).prepare(EngineEnvironment(512 * 1024**2, scratch, spark_master="local[2]"))


def run(path: Path, operation: str, **parameters: Any) -> tuple[JobResult, Path]:
    """Carry an order out; return the outcome and the result's path."""
    body = order(path, operation, **parameters)
    prepared(body.engine)
    outcome = execute(body, lambda _: None)
    return outcome, Path(body.results) / outcome.result_name


def result(path: Path, operation: str, **parameters: Any) -> list[dict[str, Any]]:
    """Carry an order out; return the result's rows."""
    return read_table(run(path, operation, **parameters)[1])


def read_table(path: Path) -> list[dict[str, Any]]:
    """Return a result's rows; text formats give text, empty being None."""
    match path.suffix:
        case ".csv" | ".tsv":
            with path.open(newline="", encoding="utf-8") as file:
                header, *rows = csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
                return [dict(zip(header, (cell or None for cell in row), strict=True)) for row in rows]
        case ".json":
            return list(json.loads(path.read_text()))
        case ".jsonl":
            return [json.loads(line) for line in path.read_text().splitlines()]
        case ".xml":
            with path.open("rb") as file:
                pieces = read_records(file, "", RecordsAt(("records", "record")), Apart())
                table = ((piece, cells) for piece in pieces for cells in zip(*piece.values(), strict=True))
                return [dict(zip(piece, cells, strict=True)) for piece, cells in table]
    return list(pq.read_table(path).to_pylist())


def numbers(row: Mapping[str, Any], *names: str) -> list[float | None]:
    """Return the row's values under `names` as numbers."""
    return [None if row[name] is None else float(row[name]) for name in names]


def packed(path: Path) -> Path:
    """Return the file's gzipped copy."""
    target = path.with_name(path.name + ".gz")
    target.write_bytes(gzip.compress(path.read_bytes(), compresslevel=1))
    return target
