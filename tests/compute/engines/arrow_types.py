"""A column of every type that Arrow has and Parquet holds, with its extremes, and what Python itself says of each."""

import base64
import datetime as dt
import json
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

FIRST, LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
DAYS = [dt.date(1, 1, 1), dt.date(1970, 1, 1), dt.date(9999, 12, 31), dt.date(2024, 2, 29)]
MOMENTS = [FIRST, dt.datetime(1970, 1, 1), LAST.replace(microsecond=0), dt.datetime(2024, 2, 29, 1, 2, 3)]
WORDS = ["b", "a", "ä", "a", "ä", None, None]
UUIDS = [uuid.UUID(int=n) for n in (0, 2**128 - 1, 2**127, 1)]


def _ends(bits: int, *, signed: bool) -> list[int]:
    return [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 0, 7] if signed else [0, 2**bits - 1, 1, 7]


@dataclass(frozen=True)
class Column:
    """Values of one type: four, of which the third and a null come twice.

    `text`, `json`: a value's form in CSV and XML, and in JSON. `sums`, `compares`: whether it can be summed, and has an order.
    """

    array: pa.Array
    values: list[Any]
    text: Callable[[Any], str] = str
    json: Callable[[Any], Any] = lambda value: value
    sums: bool = False
    compares: bool = True


def _column(values: list[Any], type_: pa.DataType, **more: Any) -> Column:
    rows = [*values, values[2], None, None]
    return Column(pa.array(rows, type_), rows, **more)


def _double_text(value: float) -> str:
    return repr(float(value))


def _float_text(value: float) -> str:
    """The fewest digits that give back a float of 32 bits."""
    return next(
        repr(float(f"{value:.{digits}g}"))
        for digits in range(1, 18)
        if struct.pack("f", float(f"{value:.{digits}g}")) == struct.pack("f", value)
    )


def _decimal(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def _short(value: Any) -> str:
    text = value.isoformat(" ") if isinstance(value, dt.datetime) else value.isoformat()
    text, zone = (text.removesuffix("+00:00"), "+00") if text.endswith("+00:00") else (text, "")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + zone


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Dates and times within something else as they are in JSON."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return _short(value) if isinstance(value, dt.date | dt.time) else value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


TIMES = [dt.time(0, 0), dt.time(23, 59, 59), dt.time(1, 2, 3), dt.time(12, 0, 1)]
FINE_TIMES = [dt.time(0, 0), dt.time(23, 59, 59, 999999), dt.time(1, 2, 3, 4), dt.time(12, 0, 0, 500000)]
FINE_MOMENTS = [FIRST, LAST, dt.datetime(2024, 2, 29, 1, 2, 3, 500000), dt.datetime(1969, 12, 31, 23, 59, 59, 999999)]
ZONED = [moment.replace(tzinfo=dt.UTC) for moment in FINE_MOMENTS]
NS_MOMENTS = [
    dt.datetime(1700, 1, 1),
    dt.datetime(2262, 1, 1),
    dt.datetime(2024, 2, 29, 1, 2, 3, 500000),
    FINE_MOMENTS[3],
]
NUMBERS: dict[str, Any] = {"sums": True}
TEMPORAL: dict[str, Any] = {"text": _short, "json": _short}
BYTES: dict[str, Any] = {"text": _base64, "json": _base64}
NESTED: dict[str, Any] = {"text": _as_json, "compares": False}


def _decimal_json(value: Decimal) -> float | str:
    """A number where its double is written so, else its text."""
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


DECIMALS: dict[str, Any] = {"text": lambda value: format(value, "f"), "json": _decimal_json, **NUMBERS}

COLUMNS: dict[str, Column] = {
    "bool": _column([True, False, True, False], pa.bool_(), text=lambda value: str(value).lower()),
    **{f"int{n}": _column(_ends(n, signed=True), getattr(pa, f"int{n}")(), **NUMBERS) for n in (8, 16, 32, 64)},
    **{f"uint{n}": _column(_ends(n, signed=False), getattr(pa, f"uint{n}")(), **NUMBERS) for n in (8, 16, 32, 64)},
    "duration[us]": _column([-1, 7, 0, 2**53], pa.duration("us"), **NUMBERS),
    "float16": _column([65504.0, -65504.0, 0.0, 1.5], pa.float16(), text=_float_text, **NUMBERS),
    "float32": _column(
        [struct.unpack("f", struct.pack("f", x))[0] for x in (3.4028234663852886e38, 1e-45, 0.1, -16777216.0)], pa.float32(),
        text=_float_text, json=lambda value: float(_float_text(value)), **NUMBERS,
    ),
    "float64": _column([1e300, 5e-324, 0.1, -1e22], pa.float64(), text=_double_text, **NUMBERS),
    "zeros": _column([0.0, -0.0, 0.0, -0.0], pa.float64(), text=_double_text, **NUMBERS),
    "decimal of 9": _column(_decimal("-1234567.89", "0.00", "0.01", "9999999.99"), pa.decimal128(9, 2), **DECIMALS),
    "decimal of 18": _column(_decimal("90071992547409.93", "-0.01", "0.10", "1.00"), pa.decimal128(18, 2), **DECIMALS),
    "decimal of 38": _column(
        _decimal("12345678901234567890123456789012345.678", "-0.001", "0.000", "1.500"), pa.decimal128(38, 3), **DECIMALS
    ),
    "decimal32": _column(_decimal("1.500", "-2.250", "0.000", "3.125"), pa.decimal32(9, 3), **DECIMALS),
    "decimal64": _column(_decimal("1.500", "-2.250", "0.000", "3.125"), pa.decimal64(18, 3), **DECIMALS),
    "string": _column(["", "a", "ä", "a b"], pa.string()),
    "string of numbers": _column(["007", "10", "9.5", "-1e2"], pa.string(), sums=True),
    "large_string": _column(["b", "a", "ä", "\U0001f6e9"], pa.large_string()),
    "string_view": _column(["b", "a b", "a", "x" * 100], pa.string_view()),
    "binary": _column([b"", b"a", b"\x00\xff", b"a\x00"], pa.binary(), **BYTES),
    "large_binary": _column([b"b", b"a", b"\x00\xff", b"a\x00"], pa.large_binary(), **BYTES),
    "binary_view": _column([b"b", b"a", b"\x00\xff", b"a\x00"], pa.binary_view(), **BYTES),
    "fixed_size_binary": _column([b"abc", b"\x00\x00\x00", b"\xff\xfe\xfd", b"abd"], pa.binary(3), **BYTES),
    "date32": _column(DAYS, pa.date32(), **TEMPORAL),
    "date64": _column(DAYS, pa.date64(), **TEMPORAL),
    "time32[s]": _column(TIMES, pa.time32("s"), **TEMPORAL),
    "time32[ms]": _column(TIMES, pa.time32("ms"), **TEMPORAL),
    "time64[us]": _column(FINE_TIMES, pa.time64("us"), **TEMPORAL),
    "time64[ns]": _column(FINE_TIMES, pa.time64("ns"), **TEMPORAL),
    "timestamp[s]": _column(MOMENTS, pa.timestamp("s"), **TEMPORAL),
    "timestamp[ms]": _column(MOMENTS, pa.timestamp("ms"), **TEMPORAL),
    "timestamp[us]": _column(FINE_MOMENTS, pa.timestamp("us"), **TEMPORAL),
    "timestamp[ns]": _column(NS_MOMENTS, pa.timestamp("ns"), **TEMPORAL),
    "timestamp[us, UTC]": _column(ZONED, pa.timestamp("us", "UTC"), **TEMPORAL),
    "timestamp[us, Paris]": _column(ZONED[2:] + ZONED[2:], pa.timestamp("us", "Europe/Paris"), **TEMPORAL),
    "dictionary": Column(pa.array(WORDS).dictionary_encode(), WORDS),
    "list": _column([[1, None, 2], [], [3], [2**53]], pa.list_(pa.int64()), **NESTED),
    "large_list": _column([["a"], [], [None], ['"']], pa.large_list(pa.string()), **NESTED),
    "fixed_size_list": _column([[1, 2], [3, 4], [0, 0], [-1, 1]], pa.list_(pa.int32(), 2), **NESTED),
    "list of floats": _column([[0.5], [1.5, 2.5], [], [-0.25]], pa.list_(pa.float32()), **NESTED),
    "struct": _column(
        [{"a": None, "b": "x"}, {"a": 1, "b": None}, {"a": 2, "b": "y"}, {"a": 2, "b": ""}],
        pa.struct([("a", pa.int64()), ("b", pa.string())]), **NESTED,
    ),
    "deep": _column(
        [[{"t": MOMENTS[3], "d": dt.date(2024, 2, 29), "x": 1.5}], [], [None], [{"t": None, "d": None, "x": None}]],
        pa.list_(pa.struct([("t", pa.timestamp("us")), ("d", pa.date32()), ("x", pa.float64())])),
        text=lambda value: _as_json(_plain(value)), json=_plain, compares=False,
    ),
    "map": _column(
        [[("k", 1), ("l", None)], [], [("a b", 2)], [("k", 2)]], pa.map_(pa.string(), pa.int64()),
        text=lambda value: _as_json(dict(value)), json=dict, compares=False,
    ),
    "uuid": Column(
        pa.array([*(u.bytes for u in UUIDS), UUIDS[2].bytes, None, None], pa.uuid()), [*UUIDS, UUIDS[2], None, None], json=str
    ),
    "null": Column(pa.nulls(7), [None] * 7),
}  # fmt: skip
