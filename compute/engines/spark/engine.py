"""Spark, for those who outgrow one machine: in this process's JVM, on a cluster, or behind Spark Connect.

It reads Parquet and plain CSV itself, in pieces and where they are. What cannot be split without a guess (CSV with line breaks
in cells, JSON, XML, gzip) DuckDB reads for it, in one pass, into Parquet. It writes Parquet, in pieces, which DuckDB makes one
file in the asked format. So what values mean and how they are written is the same as with the default engine.
"""

import re
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Self

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F  # noqa: N812 - Spark's own habit
from pyspark.sql.types import StructType

from compute.engines.base import EngineEnvironment, Resources, Target, Written
from compute.engines.duckdb.engine import DuckDb
from compute.engines.duckdb.sql import quoted_name as duckdb_name
from compute.engines.duckdb.sql import quoted_text as duckdb_text
from compute.engines.spark import session
from compute.engines.spark.cells import (
    NO_PLAIN_ROW,
    RAISED,
    CellReader,
    cells_of_line,
    family_of,
    line_is_row,
    quoted_name,
)
from compute.files.errors import (
    BrokenFile,
    DiskFull,
    EngineUnavailable,
    InexactTogether,
    LimitReached,
    NotSplittable,
    OutOfRange,
)
from compute.files.formats import Format, Source, check_names
from compute.files.locations import fetch_folder, is_url, opened, publish
from compute.files.notation import Notation
from compute.operations.base import ROW, Frame, Result, Scan
from compute.operations.cell_types import CastError, Cell, CellType, Family

SAME_IN_SPARK = re.compile(
    r"(large_)?(string|binary)|bool|int(8|16|32|64)|float|double|date32\[day\]|timestamp\[us(, tz=UTC)?\]|decimal128.*"
)
FOR_SPARK = {  # DuckDB's types that Spark does not have, as the nearest that it has
    "JSON": "encode({}::VARCHAR)",
    "TIME": "{}::VARCHAR",
    "TIMESTAMP_NS": "{}::TIMESTAMP",
    "TIMESTAMP_S": "{}::TIMESTAMP",
    "TIMESTAMP_MS": "{}::TIMESTAMP",
    "UBIGINT": "{}::DECIMAL(20, 0)",
    "UINTEGER": "{}::BIGINT",
    "USMALLINT": "{}::INTEGER",
    "UTINYINT": "{}::SMALLINT",
    "UUID": "{}::VARCHAR",
}
PIECE_BYTES = 8 * 1024**2  # held in memory by who writes it and by who reads it
NUMBERED = f"monotonically_increasing_id() AS {quoted_name(ROW)}"  # rising with the place in the file


class Spark:
    """One file, read by the Spark session of this process."""

    reads_urls = frozenset({Format.CSV, Format.TSV, Format.PARQUET})
    _environment: ClassVar[EngineEnvironment]

    @staticmethod
    def prepare(environment: EngineEnvironment) -> None:
        """Start the session; where that fails, each job tries again, and fails with the reason."""
        Spark._environment = environment
        with suppress(EngineUnavailable):
            session.start(environment)

    def __init__(self, source: Source, resources: Resources) -> None:
        self._source, self._resources = source, resources
        self._session = session.start(Spark._environment)
        self._reader: DuckDb | None = None
        self._scan = Scan([])
        self._has_json = False
        self._rows_read: Callable[[], int] = lambda: 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._reader:
            self._reader.__exit__(kind, error, trace)

    def columns(self) -> dict[str, Family]:
        """Return the file's columns: from a CSV's header or a Parquet's footer, or as DuckDB finds them."""
        if self._source.format == self._source.original == Format.PARQUET:
            schema, rows = _footer(self._source)
            self._rows_read = lambda: rows
            is_same = all(SAME_IN_SPARK.fullmatch(str(type_)) for type_ in schema.types)
            if check_names(schema.names) == tuple(schema.names) and is_same:
                return {name: family_of(type_) for name, type_ in self._parquet_types().items()}
        elif self._is_splittable():
            return dict.fromkeys(self._source.columns, Family.TEXT)
        if self._source.url:
            raise NotSplittable
        self._reader = DuckDb(self._source, self._resources)
        self._rows_read = self._reader.rows_read
        return self._reader.columns()

    def scan(self, scan: Scan, *, lines: bool = False) -> Frame:
        """Return the cells as a frame of Spark."""
        self._scan = scan
        if self._reader:
            return self._read_by_duckdb(self._reader, scan)
        read = self._read_csv if self._source.is_text else self._read_parquet
        with self._findings():
            frame = read(scan)
            if scan.cells and all(cell.kind == CellType.RAW for cell in scan.cells):
                frame = frame.coalesce(1)  # a preview: the first rows are asked for, and no more are read
            return _frame(frame)

    def small_table(self, columns: Mapping[str, Sequence[Any]]) -> Frame:
        """Return the values as a frame of Spark."""
        return _frame(self._session.createDataFrame(list(zip(*columns.values(), strict=True)), list(columns)))

    def write(self, result: Result, target: Target) -> Written:
        """Let Spark write the rows in pieces, and DuckDB make them one file."""
        frame = _with_cells(result)
        with self._findings():
            place = self._write(frame)
        if is_url(place):
            url, place = place, f"{self._resources.scratch}/{uuid.uuid4().hex}"
            fetch_folder(url, Path(place))
        names = tuple(frame.collect_schema().names())
        with DuckDb(
            Source(Path(place) / "*.parquet", Format.PARQUET, Format.PARQUET, columns=names), self._resources
        ) as writer:
            writer.columns()
            relation = writer.scan(Scan([Cell(name, CellType.RAW) for name in names])).to_native()
            text = "(decode({})::JSON->>'$')" if target.format == Format.PARQUET else "decode({})::JSON"
            json = {"BLOB": text} if self._has_json else {}
            return writer.write(Result(_projected(relation, names, json), skipped=result.skipped), target)

    def progress(self) -> float:
        """Return the share of tasks that are done of the stages at work; a Connect server does not tell."""
        if not hasattr(self._session, "_jsc"):
            return 0.0
        tracker = self._session.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        tasks = sum(stage.numTasks for stage in stages if stage)
        return sum(stage.numCompletedTasks for stage in stages if stage) / tasks if tasks else 0.0

    def rows_read(self) -> int:
        """Return what the Parquet's footer says, what was observed of a CSV, or what DuckDB read."""
        return self._rows_read()

    def _is_splittable(self) -> bool:
        source, names = self._source, "".join(self._source.columns)
        is_hidden = source.url.rpartition("/")[2].startswith("_")  # from Spark
        is_plain = "\n" not in names and "\r" not in names
        return source.is_text and is_plain and not is_hidden

    def _read_by_duckdb(self, reader: DuckDb, scan: Scan) -> Frame:
        relation = reader.scan(scan).to_native()
        self._has_json = any("JSON" in str(type_) for type_ in relation.types)
        path = self._resources.scratch / f"{uuid.uuid4().hex}.parquet"
        reader.write(Result(_projected(relation, relation.columns, FOR_SPARK)), Target(path, Format.PARQUET))
        place = f"{self._resources.shared_scratch}/{path.name}"
        if is_url(place):
            publish(path, place)
        return _frame(self._parquet(place))

    def _read_csv(self, scan: Scan) -> DataFrame:
        lines = self._session.read.text(self._input(), lineSep=self._source.line_end)
        observed = Observation()
        self._rows_read = lambda: _observed_rows(observed)
        rows = lines.selectExpr("value", NUMBERED).where(line_is_row(self._source))
        rows = rows.selectExpr(f"{cells_of_line(self._source)} AS cells", quoted_name(ROW))
        rows = rows.observe(observed, F.expr("count(1) AS rows"))
        locations = {name: f"cells.c{number}" for number, name in enumerate(self._source.columns)}
        reader = CellReader(locations, dict.fromkeys(locations, "string"), *self._values)
        return rows.selectExpr(*reader.select(scan), quoted_name(ROW))

    def _read_parquet(self, scan: Scan) -> DataFrame:
        types = self._parquet_types()
        reader = CellReader({name: quoted_name(name) for name in types}, types, *self._values)
        return self._session.read.parquet(self._input()).selectExpr(*reader.select(scan), NUMBERED)

    @property
    def _values(self) -> tuple[Sequence[str], Notation]:
        return self._source.null_values, self._source.notation

    def _parquet_types(self) -> dict[str, str]:
        with self._findings():
            schema = self._session.read.parquet(self._input()).schema
        return {field.name: field.dataType.simpleString() for field in schema}

    def _input(self) -> str:
        return session.just(session.hadoop_path(self._source.place))

    def _parquet(self, place: str) -> DataFrame:
        return self._session.read.parquet(session.just(session.hadoop_path(place)))

    def _write(self, frame: Frame) -> str:
        place = f"{self._resources.shared_scratch}/{uuid.uuid4().hex}"
        native: DataFrame = frame.to_native()
        native.write.option("parquet.block.size", PIECE_BYTES).parquet(session.hadoop_path(place))
        return place

    @contextmanager
    def _findings(self) -> Iterator[None]:
        """Say in our words what Spark refuses; what it cannot blame on the file is a bug and passes through."""
        try:
            yield
        except (Py4JNetworkError, ConnectionError) as error:
            sys.exit(f"Spark's process ended: {error}")  # and ours with it: the job is run again in another
        except (PySparkException, Py4JError) as error:
            self._raise_finding(str(error), error)
            raise

    def _raise_finding(self, text: str, error: Exception) -> None:
        if found := RAISED.search(text):
            raise self._finding(found[1], int(found[2]), found[3]) from error
        if NO_PLAIN_ROW in text or "MALFORMED_RECORD_IN_PARSING" in text:
            raise NotSplittable from error
        if "ARITHMETIC_OVERFLOW" in text:
            raise OutOfRange from error
        if "No space left" in text:
            raise DiskFull from error
        if "OutOfMemoryError" in text or "File too large" in text:
            raise LimitReached("The job needs more memory or disk than it may have.") from error
        if "FAILED_READ_FILE" in text:
            raise BrokenFile("The file cannot be read: it is damaged inside.") from error

    def _finding(self, what: str, number: int, value: str) -> Exception:
        scan = self._scan
        if what == "inexact":
            return InexactTogether(scan.melted[number], value)
        return CastError(Cell(scan.melted[number], CellType.NUMBER) if scan.melted else scan.cells[number], value)


def _footer(source: Source) -> tuple[pa.Schema, int]:
    try:
        with opened(source.place) as file, pq.ParquetFile(file) as parquet:
            return parquet.schema_arrow, parquet.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise BrokenFile("The file cannot be read: it is not a whole Parquet file.") from error


def _observed_rows(observed: Observation) -> int:
    try:
        return int(observed.get["rows"])
    except Py4JError:  # Spark saw beforehand that there are none
        return 0


def _frame(native: Any) -> Frame:
    frame: Frame = nw.from_native(native).lazy()
    return frame


def _with_cells(result: Result) -> Frame:
    """Return the frame with each cell that was compared by something as it stands in the file."""
    native: DataFrame = result.frame.to_native()
    columns = [
        f"{quoted_name(field.name)}.cell AS {quoted_name(field.name)}"
        if (cell := result.cells.get(field.name)) and cell.kind.is_ordered and isinstance(field.dataType, StructType)
        else quoted_name(field.name)
        for field in native.schema
    ]
    return _frame(native.selectExpr(*columns))


def _projected(relation: Any, names: Sequence[str], conversions: Mapping[str, str]) -> Frame:
    """Return DuckDB's relation with other names, and columns of some types converted."""
    columns = [
        f"{_converted(duckdb_name(column), type_, conversions)} AS {duckdb_name(name)}"
        for column, type_, name in zip(relation.columns, relation.types, names, strict=True)
    ]
    return _frame(relation.project(", ".join(columns)))


def _converted(value: str, type_: Any, conversions: Mapping[str, str]) -> str:
    if type_.id != "struct":
        return conversions.get(str(type_), "{}").format(value)
    members = [
        f"{duckdb_name(name)} := {_converted(f'struct_extract({value}, {duckdb_text(name)})', child, conversions)}"
        for name, child in type_.children
    ]
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(members)}) END"
