"""The default engine: DuckDB, embedded. It streams, spills to disk and keeps to its memory limit.

CSV is read as text and cast only where it is computed on (plain CSV by Arrow, to the same effect), JSON cells are kept as
JSON: so nothing is guessed, and what is copied is copied as it stands. What a cast refuses is raised from within the query
(`error()`), so one pass does.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

import duckdb
import narwhals as nw
from duckdb import sqltype

from compute.engines.base import EngineEnvironment, Resources, Target, Written
from compute.engines.duckdb.cells import CellReader, family_of
from compute.engines.duckdb.database import connect, database, forget
from compute.engines.duckdb.errors import duckdb_errors
from compute.engines.duckdb.files import key_lists_query, keys_query, schema_query, table_of
from compute.engines.duckdb.nested_json import nested_columns
from compute.engines.duckdb.output import with_cells, writable
from compute.engines.duckdb.plain_csv import PlainCsv, select_plain
from compute.engines.duckdb.plain_types import types_of
from compute.engines.duckdb.sql import quoted_name as _name
from compute.engines.duckdb.sql import quoted_text as _text
from compute.files.errors import (
    BrokenFile,
    ComputeError,
    EngineSignal,
    LimitReached,
    UnsupportedByFastPath,
)
from compute.files.formats import Format, Source, check_names
from compute.files.xml_file import written_records
from compute.operations.base import LINE, ROW, Frame, Result, Scan
from compute.operations.cell_types import Family

FETCHED_ROWS = FIRST_RECORDS = 10_000
PLAIN = "plain"  # the name of the stream of a plain CSV


class DuckDb:
    """One connection for one job, to the database of this process."""

    reads_urls = frozenset[Format]()

    @staticmethod
    def prepare(environment: EngineEnvironment) -> None:
        """Make the database."""
        database()

    def __init__(self, source: Source, resources: Resources) -> None:
        self._source = source
        self._resources = resources
        self._rows_read = 0
        self._types: dict[str, Any] = {}
        self._scan = Scan([])
        self._may_be_plain = source.may_be_plain
        self._plain_csv: PlainCsv | None = None
        self._connection = connect(resources)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._connection.close()
        if isinstance(error, LimitReached) or not isinstance(error, ComputeError | EngineSignal | None):
            forget()

    def columns(self) -> dict[str, Family]:
        """Return the file's columns: from a CSV's header, a Parquet's schema, all the records of JSON."""
        with self._faults():
            found = self._source.columns or self._found_columns()
            if not found:
                raise BrokenFile("The file has no records, so it has no columns.")
            names = check_names(found)
            if self._source.is_json and names != found and not self._source.paths:
                self._source = replace(self._source, paths=tuple((name,) for name in found))
            self._source = replace(self._source, columns=names)
            self._types = self._types_of(self._source.columns)
        return {column: family_of(type_) for column, type_ in self._types.items()}

    def scan(self, scan: Scan, *, lines: bool = False) -> Frame:
        """Return the cells as a lazy frame over this connection."""
        self._scan = scan
        numbered = [f"row_number() OVER () AS {_name(ROW)}"] if scan.rows else []
        with self._faults():
            plain = "" if scan.rows else self._plain_query(lines=lines)
            reader = CellReader(self._types, self._source.null_values, notation=self._source.notation)
            query = plain or reader.select(scan, table_of(self._source), numbered)
            relation = self._connection.sql(query)
            return nw.from_native(relation).lazy()

    def small_table(self, columns: Mapping[str, Sequence[Any]]) -> Frame:
        """Return the values as a table of literals."""
        lists = [
            f"unnest([{', '.join(_text(v) if isinstance(v, str) else str(v) for v in values)}]) AS {_name(name)}"
            for name, values in columns.items()
        ]
        return nw.from_native(self._connection.sql(f"SELECT {', '.join(lists)}")).lazy()

    def write(self, result: Result, target: Target) -> Written:
        """Write the result with DuckDB's own writers, XML with ours."""
        with self._faults(target):
            relation = with_cells(result.frame.to_native(), result.cells)
            types = {name: str(type_) for name, type_ in nw.from_native(relation).collect_schema().items()}
            if list(types) == [LINE]:
                return Written(self._sink_lines(relation, target), dict.fromkeys(self._source.columns, types[LINE]))
            query = writable(relation, target, keeps_json=self._source.format == Format.PARQUET)
            query += f" OFFSET {result.skipped}" if result.skipped else ""
            write = self._write_xml if target.format == Format.XML else self._copy
            return Written(write(query, target), types)

    def _sink_lines(self, relation: Any, target: Target) -> int:
        header = _name(target.delimiter.join(self._source.columns))
        query = f"SELECT {_name(LINE)} AS {header} FROM ({relation.sql_query()})"
        return self._copy(query, target, ", QUOTE '', ESCAPE ''")  # what would be quoted as a cell stands as it stood

    def _copy(self, query: str, target: Target, options: str = "") -> int:
        options = _copy_options(target) + options
        counted = self._connection.execute(f"COPY ({query}) TO {_text(str(target.path))} ({options})")
        row = counted.fetchone()
        self._note_rows()
        return int(row[0]) if row else 0

    def progress(self) -> float:
        """Return DuckDB's own estimate, or how far the plain file is read."""
        if self._plain_csv:
            return self._plain_csv.progress()
        return max(self._connection.query_progress(), 0.0) / 100

    def rows_read(self) -> int:
        """Return what the plan's scan gave; of Parquet, which filters while it reads, what the file's footer says."""
        if self._plain_csv:
            return self._plain_csv.rows_read
        if self._source.format != Format.PARQUET:
            return self._rows_read
        with self._faults():  # not parquet_file_metadata, which fails where the writer's name is no text
            row = self._connection.execute(f"SELECT count(*) FROM {table_of(self._source)}").fetchone()
        return int(row[0]) if row else 0

    def _plain_query(self, *, lines: bool) -> str:
        """Return the query of the cells over a stream of ours, while the file may be plain."""
        if self._plain_csv and isinstance(self._plain_csv.error, UnsupportedByFastPath):
            self._may_be_plain = False
        self._plain_csv = None
        types = types_of(self._scan, lines=lines) if self._may_be_plain else {}
        if not types:
            return ""
        scan = self._scan
        keys = [cell.column for cell in scan.cells] if scan.melted else []
        stream = PlainCsv(self._source, types, self._resources.threads, keys=keys, melted=scan.melted)
        try:
            stream.look()
        except UnsupportedByFastPath:
            self._may_be_plain = False
            return ""
        self._plain_csv = stream
        self._connection.register(PLAIN, stream)
        return select_plain(scan, types, PLAIN, self._source.null_values)

    @contextmanager
    def _faults(self, target: Target | None = None) -> Iterator[None]:
        """Say in our words what DuckDB refuses, and as it was what a stream of ours refused."""
        try:
            with duckdb_errors(self._source, self._scan, target):
                yield
        except (ComputeError, EngineSignal, duckdb.Error) as error:
            if self._plain_csv and self._plain_csv.error:
                raise self._plain_csv.error from error
            raise

    def _note_rows(self) -> None:
        plan = json.loads(self._connection.get_profiling_information())
        self._rows_read = max(self._rows_read, *_scanned_rows(plan.get("operator", [])), 0)

    def _write_xml(self, query: str, target: Target) -> int:
        result = self._connection.execute(query)
        names = [column[0] for column in result.description or ()]
        rows = 0

        def batches() -> Iterator[tuple[str | None, ...]]:
            nonlocal rows
            while batch := result.fetchmany(FETCHED_ROWS):
                rows += len(batch)
                yield from batch

        with target.path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(written_records(names, batches()))
        self._note_rows()
        return rows

    def _found_columns(self) -> tuple[str, ...]:
        if not self._source.is_json:
            nodes = self._connection.execute(schema_query(self._source)).fetchall()
            return tuple(_outermost(nodes[1:]))
        try:
            return self._found_keys()
        except duckdb.Error:  # of lines; as records one after the other, the file may do
            if not self._source.by_lines:
                raise
            self._source = replace(self._source, by_lines=False)
            return self._found_keys()

    def _found_keys(self) -> tuple[str, ...]:
        """Rows are numbered only as far as needed, for that takes twice as long: mostly the first ones have all keys."""
        query = key_lists_query(self._source)
        ((lists, keys, number_of_keys, may_be_nested),) = self._connection.execute(query).fetchall()
        names = tuple(keys) if lists == 1 else self._ordered_keys(number_of_keys)
        if may_be_nested and (nested := nested_columns(self._connection, self._source, names)):
            self._source = replace(self._source, paths=tuple(nested.values()))
            return tuple(nested)
        return names

    def _ordered_keys(self, number_of_keys: int) -> tuple[str, ...]:
        found: list[Any] = []
        for records in (FIRST_RECORDS, None):
            if len(found) < number_of_keys:
                found = self._connection.execute(keys_query(self._source, records=records)).fetchall()
        return tuple(name for (name,) in found)

    def _types_of(self, columns: Sequence[str]) -> dict[str, Any]:
        if self._source.format == Format.PARQUET:
            found = self._connection.sql(f"SELECT * FROM {table_of(self._source)}").types
            return dict(zip(columns, found, strict=True))
        return dict.fromkeys(columns, sqltype("JSON" if self._source.is_json else "VARCHAR"))


def _outermost(nodes: Sequence[tuple[str, int]]) -> Iterator[str]:
    """The names of the columns among the nodes (name, number of children) of a Parquet schema, parents before children."""
    inside = 0
    for name, children in nodes:
        if not inside:
            yield name
        inside += children - (1 if inside else 0)


def _scanned_rows(operators: list[dict[str, Any]]) -> Iterator[int]:
    for operator in operators:
        if "Function" in operator.get("extra_info", {}):  # a table function: READ_CSV, READ_JSON, READ_PARQUET
            yield int(operator.get("intermediate_rows", 0))
        yield from _scanned_rows(operator.get("children", []))


def _copy_options(target: Target) -> str:
    match target.format:
        case Format.PARQUET:
            # Not version 2, whose deltas DuckDB writes wider than the format allows, so that Arrow cannot read them.
            return "FORMAT parquet, PARQUET_VERSION v1, COMPRESSION zstd, COMPRESSION_LEVEL 1"
        case Format.JSON:
            return "FORMAT json, ARRAY true, COMPRESSION 'none'"
        case Format.JSONL:
            return "FORMAT json, COMPRESSION 'none'"
    return f"FORMAT csv, HEADER true, DELIMITER {_text(target.delimiter)}, COMPRESSION 'none'"
