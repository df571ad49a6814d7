"""Plain CSV is read by Arrow, and nobody can tell: quotes around a name, which leave the file to DuckDB, change no answer."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from compute.engines.duckdb.plain_csv import FIRST_BYTES, PIECE_BYTES, PlainCsv, select_plain
from compute.engines.duckdb.plain_types import types_of
from compute.files.errors import ComputeError, UnsupportedByFastPath
from compute.files.formats import MARK, Format, Source
from compute.jobs.runner import _limits
from compute.jobs.worker_process import WorkerProcess
from compute.operations.base import LINE, Scan
from compute.operations.cell_types import CastError, Cell, CellType
from tests.compute.tables import order, result, run
from tests.fakes.faulty import wait_until

QUESTIONS: dict[str, dict[str, Any]] = {
    "group_by": {"by": ["key"], "aggregations": {"number": ["sum", "mean", "max"]}},
    "stats": {"columns": ["number"], "by": ["key"]},
    "stats of all": {"columns": ["number"]},
    "non_null": {"columns": ["key"]},
}
PLAIN_HEADER, QUOTED_HEADER = b"key,number,a text\n", b'"key",number,text\n'  # of one length: faults name bytes
ROUNDED = {"mean", "variance", "standard_deviation"}  # whose last digits depend on which thread was first
MANY = (b"k,1,".ljust(1023, b"x") + b"\n") * (2 * PIECE_BYTES // 1024)
NUMBER, WHOLE, KEY = Cell("number", CellType.NUMBER), Cell("number", CellType.WHOLE), Cell("key", CellType.VALUE)
RAW = Cell("number", CellType.RAW)


def answer(path: Path, operation: str) -> list[dict[str, Any]] | str:
    """Return the result's rows, or why there are none."""
    try:
        rows = result(path, operation.removesuffix(" of all"), **QUESTIONS[operation])
    except ComputeError as fault:
        return fault.detail
    rows = [{name.removeprefix("a "): cell for name, cell in row.items()} for row in rows]
    return [{name: f"{float(x):.9g}" if x and name in ROUNDED else x for name, x in row.items()} for row in rows]


def answers(folder: Path, rows: bytes, operation: str) -> list[list[dict[str, Any]] | str]:
    """Return what comes of the rows below a header without quotes, and below one with."""
    path, found = folder / "table.csv", []
    for header in (PLAIN_HEADER, QUOTED_HEADER):
        path.write_bytes(header + rows)
        found.append(answer(path, operation))
    return found


def read(path: Path, *cells: Cell) -> PlainCsv:
    """Read the cells to the end, or to where it is not plain."""
    scan = Scan(cells)
    types = types_of(scan, lines=True)
    stream = PlainCsv(_source(path), types, threads=2)
    with duckdb.connect() as connection:
        connection.register("plain", stream)
        try:
            connection.execute(select_plain(scan, types, "plain", ())).fetchall()
        except duckdb.Error:
            assert stream.error
    return stream


@pytest.mark.parametrize("operation", ["group_by", "stats", "stats of all"])
@pytest.mark.parametrize(
    "cell",
    [
        *(
            "1",
            "-0",
            "+5",
            "5.",
            ".5",
            "1e3",
            "1E3",
            "0x10",
            " 5",
            "5 ",
            "1_000",
            "00012",
            "1.0",
            "0.1",
            "",
            " ",
            "-",
            "1d",
        ),
        *(
            "NaN",
            "nan",
            "inf",
            "-Infinity",
            "1e400",
            "1e-400",
            "TRUE",
            "null",
            "NULL",
            "NA",
            "2026-01-01",
            "1'5",
            "1;5",
        ),
        *(
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775809",
            "9007199254740993",
            "1" * 400,
            "\u0663",
        ),
    ],
)
def test_a_number_is_the_same_number_and_the_rest_is_refused_alike(tmp_path: Path, operation: str, cell: str) -> None:
    plain, quoted = answers(tmp_path, f"a,1,x\na,{cell},y\nb,3,z\n".encode(), operation)
    assert plain == quoted


@pytest.mark.parametrize("operation", ["group_by", "non_null", "stats of all"])
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(b"", id="none"),
        pytest.param(b"a,1,x\n\n\nb,2,y\n", id="blank lines"),
        pytest.param(b"a,1,x\n  \nb,2,y\n", id="a line of blanks"),
        pytest.param(b"a,1,x\nb,2,y", id="no last line end"),
        pytest.param(b"a,1,x\nb,2\n", id="a short row"),
        pytest.param(b"a,1,x\nb,2,y,z\n", id="a long row"),
        pytest.param(b"a,1,x\nb,2,y,,\n", id="a row with empty cells too many"),
        pytest.param(b"a,1,x\r\nb,2,y\r\n", id="other line ends than the header's"),
        pytest.param(b"a,1,x\nb,2,y\0\n", id="NUL in a column that nobody asks for"),
        pytest.param(MANY + b"k\0,1,x\n", id="late NUL in a key"),
        pytest.param(b"a,1,x\nb,2,\xe9\n", id="Latin-1 in a column that nobody asks for"),
        pytest.param(b"\xe9,1,x\n", id="Latin-1 in a key"),
        pytest.param("ключ,1,x\n✈️,2,y\nключ,3,z\n".encode(), id="keys in all alphabets"),
        pytest.param(b"NaN,1,x\n,2,y\nnan,3,z\nNA,4,z\n a ,5,z\n", id="keys that are missing, and that look so"),
        pytest.param(b'a,1,x\nb,2,y "z"\n', id="quotes within a cell"),
        pytest.param(b'a,1,x\n"b",2,"y\n,z"\n', id="a line break in quotes"),
        pytest.param(MANY + b"k,1.5,x\n", id="a late fraction"),
        pytest.param(MANY + b"k,one,x\n", id="a late word"),
        pytest.param(MANY + b"k,1\n", id="a late short row"),
        pytest.param(MANY + b'k,1,"x"\n', id="late quotes"),
        pytest.param(MANY + b'"k",1,x\n', id="late quotes around a key"),
        pytest.param(MANY + b"k,1,\xe9\n", id="late Latin-1 in a column that nobody asks for"),
        pytest.param(MANY + b"\xe9,1,x\n", id="late Latin-1 in a key"),
        pytest.param(b"k,1," + b"x" * (3 * PIECE_BYTES // 2) + b"\nk,2,y\n", id="a line longer than a piece"),
        pytest.param(b"k,1," + b"x" * 2_100_000 + b"\nk,2,y\n", id="a line that is too long"),
    ],
)
def test_rows_are_the_same_rows_and_bad_ones_are_refused_alike(tmp_path: Path, rows: bytes, operation: str) -> None:
    plain, quoted = answers(tmp_path, rows, operation)
    assert plain == quoted


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_is_copied_stands_as_it_stood(tmp_path: Path, delimiter: str) -> None:
    rows = ["#,1, 007 ", ",1,dropped", "b,,NaN", "NaN,2,dropped", "ключ,1'5,null", "a ,,\\n", "last,-0,"]
    header, *lines = [row.replace(",", delimiter) for row in ("key,number,text", *rows)]
    path = tmp_path / "table.csv"
    path.write_bytes(MARK + "\n".join([header, *lines]).encode())
    outcome, copied = run(path, "non_null", columns=["key"])
    kept = [header, *(line for line in lines if "dropped" not in line)]
    assert copied.read_text("utf-8") == "\n".join(kept) + "\n"
    assert (outcome.rows_in, outcome.rows_out) == (len(lines), len(kept) - 1)
    assert outcome.columns == dict.fromkeys(["key", "number", "text"], "String")


def test_a_copy_of_many_pieces_has_every_line_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    lines = [f"{number % 3 or ''},{number}\n" for number in range(400_000)]
    path.write_text("key,number\n" + "".join(lines))
    copied = run(path, "non_null", columns=["key"])[1].read_text()
    assert copied == "key,number\n" + "".join(line for line in lines if not line.startswith(","))


def test_a_file_of_many_pieces_is_read_to_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(PLAIN_HEADER + MANY + b"last,2,x")
    stream = read(path, KEY, WHOLE)
    assert (stream.error, stream.rows_read, stream.progress()) == (None, MANY.count(b"\n") + 1, 1.0)


@pytest.mark.parametrize("length", [FIRST_BYTES - 1, FIRST_BYTES, FIRST_BYTES + 1, 2 * FIRST_BYTES])
def test_no_row_is_lost_behind_a_long_header(tmp_path: Path, length: int) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"key,number,".ljust(length - 1, b"x") + b"\na,1,x\nb,2,y\n")
    assert [row["key"] for row in result(path, "group_by", **QUESTIONS["group_by"])] == ["a", "b"]


@pytest.mark.parametrize("end", [b"", b"\n" * PIECE_BYTES], ids=["rows", "blank lines"])
def test_the_least_and_greatest_cells_are_found_in_every_piece(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(PLAIN_HEADER + b"a,07,x\na,1.0,x\na,1,x\n" + MANY + b"a,7.0,x\na,7,x\na,01,x\n" + MANY + end)

    (row,) = result(path, "stats", columns=["number"])

    assert (row["min"], row["max"], int(row["nulls"])) == ("01", "7.0", 0)
    assert int(row["count"]) == 6 + 2 * MANY.count(b"\n")


def _source(path: Path) -> Source:
    header = path.read_bytes().partition(b"\n")[0].removeprefix(MARK).decode()
    return Source(path, Format.CSV, Format.CSV, columns=tuple(header.split(",")))


def test_a_stream_is_read_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(PLAIN_HEADER + b"a,1,x\nb,2,y\n")
    stream = PlainCsv(_source(path), types_of(Scan([NUMBER]), lines=False), threads=2)
    with duckdb.connect() as connection:
        connection.register("plain", stream)
        twice = connection.execute("SELECT count(*) FROM plain AS one, plain AS other").fetchone()
    assert twice == (4,)


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (b"1.5", CastError),
        (b"one", UnsupportedByFastPath),
        (b"1e3", UnsupportedByFastPath),
        (b'"1"', UnsupportedByFastPath),
        (b"9223372036854775808", CastError),
    ],
)
def test_a_column_of_whole_numbers_that_has_another_says_so_or_leaves_it_to_duckdb(
    tmp_path: Path, cell: bytes, fault: type[Exception]
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(PLAIN_HEADER + b"a,1,x\na," + cell + b",y\n")
    assert type(read(path, WHOLE).error) is fault


@pytest.mark.parametrize(
    "row",
    [
        b'"a",1,x',
        b'a,1,"x"',
        b"a,1,x\r",
        b"a,1,x\0",
        b"a,1,\xe9",
        b"a,1",
        b"a,1,x,",
        b"a,0x1,x",
        b"a,1," + b"x" * 2_100_000,
    ],
)
def test_what_is_not_plain_is_left_to_duckdb(tmp_path: Path, row: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(PLAIN_HEADER + MANY + row + b"\n")
    assert type(read(path, KEY, WHOLE).error) is UnsupportedByFastPath


@pytest.mark.parametrize(
    ("cells", "lines", "columns"),
    [
        ([KEY, WHOLE], False, ["key", "number"]),
        ([WHOLE, NUMBER], False, ["number"]),
        ([KEY], True, []),
        ([NUMBER, Cell("number", CellType.VALUE)], False, []),
        ([RAW, NUMBER], False, []),
        ([RAW, KEY], True, ["key", LINE]),
        ([RAW], True, []),
    ],
)
def test_it_is_used_where_numbers_or_lines_are_and_each_column_is_one_thing(
    cells: list[Cell], lines: bool, columns: list[str]
) -> None:
    assert list(types_of(Scan(cells), lines=lines)) == columns


def test_a_child_that_has_read_one_has_reserved_no_more_than_it_uses(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(PLAIN_HEADER + MANY)
    child = WorkerProcess(_limits() | {"recycle_above_bytes": 2**40})  # it must be there still
    try:
        child.start(order(path, "stats", **QUESTIONS["stats"]))
        wait_until(lambda: child.answer() is not None)
        status = Path(f"/proc/{child.pid}/status").read_text()
    finally:
        child.end()
    megabytes = {name: int(size) // 1024 for name, size in re.findall(r"^(Vm\w+):\s+(\d+) kB$", status, re.MULTILINE)}
    assert megabytes["VmData"] < 512, (
        "its limit counts what is reserved: DuckDB would have that much less for the next job"
    )
