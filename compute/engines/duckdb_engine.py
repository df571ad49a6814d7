"""The default engine: DuckDB, embedded. It streams, spills to disk and keeps to its memory limit.

CSV is read as text and cast only where it is computed on (plain CSV by Arrow, to the same effect), JSON cells are kept as
JSON: so nothing is guessed, and what is copied is copied as it stands. What a cast refuses is raised from within the query
(`error()`), so one pass does.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import duckdb
import narwhals as nw

from compute.engines.base import Resources, Surroundings, Target
from compute.engines.duckdb_cells import REFUSED, select_cells
from compute.engines.duckdb_cells import quoted_name as _name
from compute.engines.duckdb_cells import quoted_text as _text
from compute.engines.duckdb_database import connect, database, forget
from compute.engines.duckdb_files import keys_query, schema_query, table_of
from compute.engines.plain_csv import PlainCsv, select_plain, types_of
from compute.engines.xml_records import records_as_json_lines
from compute.faults import BrokenFile, DoesNotFit, Fault, Finding, LimitReached, NotPlain, NotThatKind
from compute.formats import Format, Source, check_names
from compute.operations import LINE, ROW, Cell, Frame
from compute.xml_file import written_records

FETCHED_ROWS = 10_000
PLAIN = "plain"  # the name of the stream of a plain CSV


class DuckDb:
    """One connection for one job, to the database of this process."""

    reads_urls = frozenset[Format]()

    @staticmethod
    def prepare(surroundings: Surroundings) -> None:
        """Make the database."""
        database()

    def __init__(self, source: Source, resources: Resources) -> None:
        self._source = source
        self._resources = resources
        self._held = self._rows_read = 0
        self._types: dict[str, str] = {}
        self._cells: list[Cell] = []
        self._may_be_plain = source.may_be_plain
        self._plain_csv: PlainCsv | None = None
        self._connection = connect(resources)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._connection.close()
        if isinstance(error, LimitReached) or not isinstance(error, Fault | Finding | None):
            forget()

    def columns(self) -> tuple[str, ...]:
        """Return the file's columns: from a CSV's header, a Parquet's schema, all the records of JSON and XML."""
        if self._source.format == Format.XML:
            self._source = records_as_json_lines(self._source, self._resources.scratch)
        with self._faults():
            found = self._source.columns or self._found_columns()
            if not found:
                raise BrokenFile("The file has no records, so it has no columns.")
            self._source = replace(self._source, columns=check_names(found))
            self._types = self._types_of(self._source.columns)
        return self._source.columns

    def scan(self, cells: Sequence[Cell], *, rows: bool = False, lines: bool = False) -> Frame:
        """Return the cells as a lazy frame over this connection."""
        self._cells = list(cells)
        numbered = [f"row_number() OVER () AS {_name(ROW)}"] if rows else []
        with self._faults():
            plain = "" if rows else self._plain_query(lines=lines)
            query = plain or select_cells(cells, self._types, table_of(self._source), numbered)
            relation = self._connection.sql(query)
            return nw.from_native(relation).lazy()

    def hold(self, frame: Frame) -> Frame:
        """Put the frame into a temporary table, which spills to disk."""
        self._held += 1
        with self._faults():
            relation: Any = frame.to_native()
            self._connection.execute(f"CREATE TEMP TABLE held{self._held} AS {relation.sql_query()}")
            self._note_rows()
            return nw.from_native(self._connection.table(f"held{self._held}")).lazy()

    def sink(self, frame: Frame, target: Target) -> int:
        """Write the frame with DuckDB's own writers, XML with ours."""
        with self._faults():
            query = self._plain(frame.to_native(), target.format)
            if target.format == Format.XML:
                return self._sink_xml(query, target.path)
            options = _copy_options(target)
            if frame.collect_schema().names() == [LINE]:
                query = f"SELECT {_name(LINE)} AS {_name(target.delimiter.join(self._source.columns))} FROM ({query})"
                options += ", QUOTE '', ESCAPE ''"  # what would be quoted as a cell stands as it stood
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
        query = f"SELECT sum(num_rows) FROM parquet_file_metadata({_text(str(self._source.path))})"
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _plain_query(self, *, lines: bool) -> str:
        """Return the query of the cells over a stream of ours, while the file may be plain."""
        if self._plain_csv and isinstance(self._plain_csv.fault, NotPlain):
            self._may_be_plain = False
        self._plain_csv = None
        types = types_of(self._cells, lines=lines) if self._may_be_plain else {}
        if not types:
            return ""
        stream = PlainCsv(self._source, types, self._resources.threads)
        try:
            stream.look()
        except NotPlain:
            self._may_be_plain = False
            return ""
        self._plain_csv = stream
        self._connection.register(PLAIN, stream)
        return select_plain(self._cells, PLAIN)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Say in our words what DuckDB refuses, and as it was what a stream of ours refused."""
        try:
            with _faults(self._source, self._cells):
                yield
        except (Fault, Finding, duckdb.Error) as error:
            if self._plain_csv and self._plain_csv.fault:
                raise self._plain_csv.fault from error
            raise

    def _note_rows(self) -> None:
        plan = json.loads(self._connection.get_profiling_information())
        self._rows_read = max(self._rows_read, *_scanned_rows(plan.get("operator", [])), 0)

    def _sink_xml(self, query: str, path: Path) -> int:
        result = self._connection.execute(query)
        names = [column[0] for column in result.description or ()]
        rows = 0

        def batches() -> Iterator[tuple[str | None, ...]]:
            nonlocal rows
            while batch := result.fetchmany(FETCHED_ROWS):
                rows += len(batch)
                yield from batch

        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(written_records(names, batches()))
        self._note_rows()
        return rows

    def _plain(self, relation: Any, format_: Format) -> str:
        """The query whose values the format can hold: JSON cells become text outside JSON, everything does in XML."""
        columns = []
        for column, type_ in zip(relation.columns, relation.types, strict=True):
            expression = _name(column)
            if str(type_) == "JSON" and format_ not in (Format.JSON, Format.JSONL):
                expression = f"({expression}->>'$')"
            if format_ == Format.XML:
                expression = f"CAST({expression} AS VARCHAR)"
            columns.append(f"{expression} AS {_name(column)}")
        return f"SELECT {', '.join(columns)} FROM ({relation.sql_query()})"

    def _found_columns(self) -> tuple[str, ...]:
        if self._source.is_json:
            return tuple(row[0] for row in self._connection.execute(keys_query(self._source)).fetchall())
        nodes = self._connection.execute(schema_query(self._source)).fetchall()
        return tuple(_outermost(nodes[1:]))

    def _types_of(self, columns: Sequence[str]) -> dict[str, str]:
        if self._source.format == Format.PARQUET:
            found = self._connection.sql(f"SELECT * FROM {table_of(self._source)}").types
            return dict(zip(columns, map(str, found), strict=True))
        return dict.fromkeys(columns, "JSON" if self._source.is_json else "VARCHAR")


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
            # Beside the defaults: a fifth faster, and no larger.
            return "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1"
        case Format.JSON:
            return "FORMAT json, ARRAY true, COMPRESSION 'none'"
        case Format.JSONL:
            return "FORMAT json, COMPRESSION 'none'"
    return f"FORMAT csv, HEADER true, DELIMITER {_text(target.delimiter)}, COMPRESSION 'none'"


@contextmanager
def _faults(source: Source, cells: Sequence[Cell]) -> Iterator[None]:
    """Say in our words what DuckDB refuses; what it cannot blame on the file is a bug and passes through."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise LimitReached("The job needs more memory than it may have; ask for fewer columns or groups.") from error
    except duckdb.Error as error:
        text = str(error)
        if refused := REFUSED.search(text):
            cell = cells[int(refused[1])]
            raise NotThatKind(cell.column, cell.kind, refused[2]) from error
        if "INT128" in text or "HUGEINT" in text or "out of range for the destination type INT64" in text:
            raise DoesNotFit from error
        if "File too large" in text or "No space left" in text or "max_temp_directory_size" in text:
            raise LimitReached("The result or what is kept aside is larger than a job may write.") from error
        if isinstance(
            error, duckdb.BinderException | duckdb.CatalogException | duckdb.InternalException | duckdb.ParserException
        ):
            raise
        raise BrokenFile(_reason(text.replace(str(source.path), ""))) from error


def _reason(text: str) -> str:
    """The part of DuckDB's message that concerns the file: not its path here, not DuckDB's options."""
    if "state machine reached an invalid state" in text:
        return "The file cannot be read: its line ends are mixed, or its quotes are not as RFC 4180 has them."
    text = re.split(r"\n\s*(?:Possible|Try setting|file = )|\nTry ", text)[0]
    text = re.sub(
        r"^[\w ]*Error: |in file \"\",? ?|Original Line: [^\n]*|(: )?(\"\"|'')?$", "", text, flags=re.MULTILINE
    )
    return "The file cannot be read: " + "; ".join(line.strip() for line in text.splitlines() if line.strip())[:500]
