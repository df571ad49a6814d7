"""The reference engine: pandas, in memory, every value looked at by plain Python. The tests compare the others with it."""

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import narwhals as nw
import pandas as pd

from compute.csv_file import read_rows
from compute.engines.base import Resources, Surroundings, Target
from compute.faults import BrokenFile, NotThatKind
from compute.formats import MARK, Format, Source, check_names, open_bytes
from compute.operations import ROW, Cell, Frame, Kind
from compute.xml_file import read_records, written_records


@dataclass(frozen=True, order=True)
class JsonText:
    """A JSON value, as its JSON text. Not a str: pandas would take it for one and lose what it is."""

    text: str

    def plain(self) -> str:
        """Return a string's text, and the JSON text of everything else."""
        return str(json.loads(self.text)) if self.text.startswith('"') else self.text


class Pandas:
    """One file as one data frame of what its cells hold."""

    reads_urls = frozenset[Format]()

    @staticmethod
    def prepare(surroundings: Surroundings) -> None:
        """Its import is all."""

    def __init__(self, source: Source, resources: Resources) -> None:
        self._source = source
        self._data = pd.DataFrame()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def columns(self) -> tuple[str, ...]:
        """Read the whole file and return its columns."""
        self._data = _READERS[self._source.format](self._source)
        if not len(self._data.columns):
            raise BrokenFile("The file has no records, so it has no columns.")
        return check_names(list(self._data.columns))

    def scan(self, cells: Sequence[Cell], *, rows: bool = False, lines: bool = False) -> Frame:
        """Return the cells as a frame of pandas."""
        columns = {cell.name: _series(self._data[cell.column], cell) for cell in cells}
        numbered = {ROW: pd.RangeIndex(len(self._data)).to_series()} if rows else {}
        return nw.from_native(pd.DataFrame(columns | numbered, index=self._data.index)).lazy()

    def hold(self, frame: Frame) -> Frame:
        """Return the frame, which pandas has computed already, with a type for columns of nothing but nulls."""
        data: pd.DataFrame = frame.collect().to_native()
        blank = {name: "Float64" for name in data.columns if data[name].isna().all()}
        return nw.from_native(data.astype(blank)).lazy()

    def sink(self, frame: Frame, target: Target) -> int:
        """Write the frame row by row."""
        data: pd.DataFrame = frame.collect().to_native()
        if target.format == Format.PARQUET:
            texts = {name: data[name].map(_text) for name in data.columns if data[name].dtype == object}
            data.assign(**texts).to_parquet(target.path, index=False)
            return len(data)
        with target.path.open("w", encoding="utf-8", newline="") as file:
            _write(data, target, file)
        return len(data)

    def progress(self) -> float:
        """Unknown before the end."""
        return 0.0

    def rows_read(self) -> int:
        """Return the rows there are: pandas reads all."""
        return len(self._data)


def _read_csv(source: Source) -> pd.DataFrame:
    return pd.DataFrame(list(read_rows(source)), columns=list(source.columns), dtype=object)


def _read_json(source: Source) -> pd.DataFrame:
    with open_bytes(source) as file:
        text = file.read().removeprefix(MARK)
    texts = [text] if source.format == Format.JSON else [line for line in text.split(b"\n") if line.strip()]
    try:
        parsed = [json.loads(text.decode(), object_pairs_hook=_record) for text in texts]
        return _json_table(parsed[0] if source.format == Format.JSON else parsed)
    except (ValueError, RecursionError) as error:
        raise BrokenFile(f"The file cannot be read: {error}.") from error


def _record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError(f"a key is there twice in {json.dumps(record)[:80]}")
    return record


def _json_table(records: list[Any]) -> pd.DataFrame:
    places: dict[str, int] = {}
    for record in records:
        if not isinstance(record, dict):
            raise BrokenFile(f"The file cannot be read: not a record: {json.dumps(record)[:80]}")
        for place, key in enumerate(record):
            places[key] = min(place, places.get(key, place))
    columns = sorted(places, key=lambda key: (places[key], key))
    rows = [[_json_cell(record.get(column)) for column in columns] for record in records]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _json_cell(value: Any) -> JsonText | None:
    if value is None:
        return None
    text = json.dumps(value, ensure_ascii=False)
    text.encode()  # half a surrogate pair is no text
    return JsonText(text)


def _read_xml(source: Source) -> pd.DataFrame:
    with open_bytes(source) as file:
        records = list(read_records(file))
    columns = list(dict.fromkeys(column for record in records for column in record))
    rows = [[_json_cell(record.get(column)) for column in columns] for record in records]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _read_parquet(source: Source) -> pd.DataFrame:
    try:
        return pd.read_parquet(source.path, dtype_backend="pyarrow")
    except (OSError, ValueError) as error:
        raise BrokenFile("The file cannot be read: it is not a whole Parquet file.") from error


_READERS: dict[Format, Callable[[Source], pd.DataFrame]] = {
    Format.CSV: _read_csv,
    Format.TSV: _read_csv,
    Format.JSON: _read_json,
    Format.JSONL: _read_json,
    Format.XML: _read_xml,
    Format.PARQUET: _read_parquet,
}


def _series(values: "pd.Series[Any]", cell: Cell) -> "pd.Series[Any]":
    if cell.kind == Kind.RAW:
        return values
    missing = values.map(_is_missing).astype(bool)
    if cell.kind == Kind.VALUE:
        return values.mask(missing, None)
    parse = _number if cell.kind == Kind.NUMBER else _whole
    if not str(values.dtype).startswith(("object", "string", "large_string", "int", "uint", *_EXTRA_TYPES[cell.kind])):
        raise NotThatKind(cell.column, cell.kind, f"values of type {values.dtype}")
    numbers = [None if gone else parse(value, cell) for value, gone in zip(values, missing, strict=True)]
    if cell.kind == Kind.WHOLE and sum(abs(number or 0) for number in numbers) >= 2**63:
        raise NotThatKind(cell.column, cell.kind, "sums beyond 64 bits")  # pandas would wrap around
    return pd.Series(numbers, index=values.index, dtype="Float64" if cell.kind == Kind.NUMBER else "Int64")


_EXTRA_TYPES = {Kind.NUMBER: ("float", "double", "halffloat", "decimal"), Kind.WHOLE: ()}


def _is_missing(value: Any) -> bool:
    if isinstance(value, str | JsonText):
        return _plain(value) in ("", "NaN")
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _plain(value: Any) -> Any:
    return value.plain() if isinstance(value, JsonText) else value


def _number(value: Any, cell: Cell) -> float:
    text = _plain(value)
    try:
        number = float(text)
        if math.isfinite(number) and not (isinstance(text, str) and ("_" in text or not text.isascii())):
            return number
    except ValueError:
        pass
    raise NotThatKind(cell.column, cell.kind, str(text)[:80])


def _whole(value: Any, cell: Cell) -> int:
    text = _plain(value)
    number = _number(value, cell)
    try:
        exact = int(text)
    except ValueError:
        exact = int(number) if number.is_integer() else 2**63
    if -(2**63) <= exact < 2**63:
        return exact
    raise NotThatKind(cell.column, cell.kind, str(text)[:80])


def _write(data: pd.DataFrame, target: Target, file: io.TextIOWrapper) -> None:
    names, rows = list(data.columns), data.itertuples(index=False, name=None)
    if target.format == Format.XML:
        file.writelines(written_records(names, ([_text(value) for value in row] for row in rows)))
    elif target.format in (Format.JSON, Format.JSONL):
        records = (
            "{" + ",".join(f"{json.dumps(n)}:{_json(v)}" for n, v in zip(names, row, strict=True)) + "}" for row in rows
        )
        file.write(
            "[" + ",\n".join(records) + "]\n" if target.format == Format.JSON else "".join(f"{r}\n" for r in records)
        )
    else:
        writer = csv.writer(file, delimiter=target.delimiter, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(value) for value in row] for row in rows)


def _text(value: Any) -> str | None:
    if isinstance(value, str | JsonText):
        return str(_plain(value))
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 - NaN
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(value: Any) -> str:
    if isinstance(value, JsonText):
        return value.text
    if _text(value) is None:
        return "null"
    return json.dumps(value, ensure_ascii=False, default=lambda v: float(v) if isinstance(v, Decimal) else str(v))
