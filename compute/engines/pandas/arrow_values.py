"""Text and JSON forms of Arrow values (docs/compute.md), for the pandas engine."""

import base64
import json
import math
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from compute.files.errors import BrokenFile, UnwritableValue, quoted
from compute.operations.cell_types import Family

FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, in days since 1970
UNITS = {"us": 86_400 * 10**6, "ns": 86_400 * 10**9}  # in a day
_FAMILIES: list[tuple[Callable[[pa.DataType], bool], Family]] = [
    (pa.types.is_boolean, Family.BOOLEAN), (pa.types.is_integer, Family.INTEGER), (pa.types.is_floating, Family.FLOAT),
    (pa.types.is_decimal, Family.DECIMAL), (pa.types.is_date, Family.DATE), (pa.types.is_time, Family.TIME),
    (pa.types.is_timestamp, Family.TIMESTAMP), (pa.types.is_binary, Family.BINARY), (pa.types.is_nested, Family.NESTED),
    (pa.types.is_fixed_size_binary, Family.UUID),  # for other bytes of one length become those of any
]  # fmt: skip
_SAME_AS: list[tuple[Callable[[pa.DataType], bool], pa.DataType]] = [  # what DuckDB makes of them
    (pa.types.is_large_string, pa.string()), (pa.types.is_string_view, pa.string()), (pa.types.is_large_binary, pa.binary()),
    (pa.types.is_binary_view, pa.binary()), (pa.types.is_fixed_size_binary, pa.binary()), (pa.types.is_float16, pa.float32()),
    (pa.types.is_date64, pa.date32()), (pa.types.is_time32, pa.time64("us")), (pa.types.is_duration, pa.int64()),
]  # fmt: skip


def family_of(type_: pa.DataType) -> Family:
    """Return what a column of this type holds."""
    return next((family for is_one, family in _FAMILIES if is_one(type_)), Family.TEXT)


def plain_type(type_: pa.DataType) -> pa.DataType:
    """Return the type as which values of this one are computed on and copied: without ways of storing them."""
    if isinstance(type_, pa.BaseExtensionType):
        return type_.storage_type if isinstance(type_, pa.UuidType) else plain_type(type_.storage_type)
    if pa.types.is_dictionary(type_):
        return plain_type(type_.value_type)
    if pa.types.is_decimal(type_):
        return pa.decimal128(type_.precision, type_.scale)
    if pa.types.is_timestamp(type_):
        return pa.timestamp("ns" if type_.unit == "ns" else "us", "UTC" if type_.tz else None)
    if pa.types.is_nested(type_):
        return _plain_nested(type_)
    return next((same for is_one, same in _SAME_AS if is_one(type_)), type_)


def _plain_nested(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(each.name, plain_type(each.type)) for each in type_])
    if pa.types.is_map(type_):
        return pa.map_(plain_type(type_.key_type), plain_type(type_.item_type))
    return pa.list_(plain_type(type_.value_type))


def json_texts(array: pa.Array, column: str, *, for_display: bool = False) -> list[str | None]:
    """Return each value as JSON text, None where it is missing; raise UnwritableValue for what JSON cannot hold."""
    if pa.types.is_struct(array.type):
        found = _struct_texts(array, column, for_display=for_display)
    elif pa.types.is_map(array.type):
        found = _map_texts(array, column, for_display=for_display)
    elif pa.types.is_list(array.type):
        items = json_texts(array.values, column, for_display=for_display)
        found = [f"[{','.join(item or 'null' for item in items[start:end])}]" for start, end in _ranges(array)]
    else:
        return _scalar_json_texts(array, column, for_display=for_display)
    return [
        text if file_exists else None for text, file_exists in zip(found, array.is_valid().to_pylist(), strict=True)
    ]


def _struct_texts(array: pa.Array, column: str, *, for_display: bool) -> list[str]:
    names = [json.dumps(field.name, ensure_ascii=False) for field in array.type]
    fields = [json_texts(array.field(n), column, for_display=for_display) for n in range(len(names))]
    rows = zip(*fields, strict=True) if fields else [()] * len(array)
    return [
        "{" + ",".join(f"{name}:{value or 'null'}" for name, value in zip(names, row, strict=True)) + "}"
        for row in rows
    ]


def _map_texts(array: pa.Array, column: str, *, for_display: bool) -> list[str]:
    keys = [json.dumps(text, ensure_ascii=False) for text in texts(array.keys, column)]
    items = json_texts(array.items, column, for_display=for_display)
    found = []
    for start, end in _ranges(array):
        if len(set(keys[start:end])) < end - start:
            raise BrokenFile(f"The file cannot be read: a map in the column {quoted(column)} has a key twice.")
        found.append("{" + ",".join(f"{keys[n]}:{items[n] or 'null'}" for n in range(start, end)) + "}")
    return found


def _ranges(array: pa.Array) -> list[tuple[int, int]]:
    offsets = array.offsets.to_pylist()
    return list(pairwise(offsets))


def _scalar_json_texts(array: pa.Array, column: str, *, for_display: bool) -> list[str | None]:
    family = family_of(array.type)
    if family == Family.FLOAT:
        return [_float_json(text, column, for_display=for_display) for text in texts(array, column)]
    found = texts(array, column)
    if family in (Family.INTEGER, Family.BOOLEAN):
        return found
    if family == Family.DECIMAL:
        return [text if text is None or is_exact(Decimal(text)) else json.dumps(text) for text in found]
    return [None if text is None else json.dumps(text, ensure_ascii=False) for text in found]


def _float_json(text: str | None, column: str, *, for_display: bool) -> str | None:
    if text is None or math.isfinite(float(text)):
        return text
    if for_display:
        return json.dumps(text)
    raise UnwritableValue(column, text, "json")


def is_exact(number: Decimal | int) -> bool:
    """Return whether a number is the one that its double is written as."""
    return Decimal(repr(float(number))) == number


def texts(array: pa.Array, column: str) -> list[str | None]:
    """Return each value as text, None where it is missing; raise UnwritableValue for years that are not of four digits."""
    match family_of(array.type):
        case Family.NESTED:
            return json_texts(array, column)
        case Family.DATE | Family.TIMESTAMP:
            _check_years(array, column)
            return [_short(text) for text in array.cast(pa.string()).to_pylist()]
        case Family.TIME:
            return [_short(text) for text in array.cast(pa.string()).to_pylist()]
        case Family.UUID:
            return [None if value is None else str(uuid.UUID(bytes=value)) for value in array.to_pylist()]
        case Family.BINARY:
            return [None if value is None else base64.b64encode(value).decode() for value in array.to_pylist()]
    form = np.float32 if array.type == pa.float32() else lambda value: value
    return [None if value is None else _text(form(value)) for value in array.to_pylist()]


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, np.float32):  # of 32 bits: the digits that tell it apart, as of a double
        value = float(str(value))
    if isinstance(value, float):
        return None if math.isnan(value) else repr(value)
    return value if isinstance(value, str) else format(value, "f" if not isinstance(value, int) else "d")


def _short(text: str | None) -> str | None:
    """A time without zeros at its end, in DuckDB's way."""
    if text is None:
        return None
    zone = "+00" if text.endswith("Z") else ""
    text = text.removesuffix("Z")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + zone


def _check_years(array: pa.Array, column: str) -> None:
    is_date = pa.types.is_date(array.type)
    unit = 1 if is_date else UNITS[array.type.unit]
    for number in array.view(pa.int32() if is_date else pa.int64()).to_pylist():
        if number is not None and not FIRST_DAY <= number // unit <= LAST_DAY:
            raise UnwritableValue(column, "a date beyond the years 1 to 9999", "text")


def comparable(array: pa.Array, column: str) -> Sequence[Any]:
    """Return values that Python hashes and compares as theirs."""
    family = family_of(array.type)
    if family in (Family.DATE, Family.TIME, Family.TIMESTAMP):
        return list(array.view(pa.int32() if pa.types.is_date(array.type) else pa.int64()).to_pylist())
    return json_texts(array, column) if family == Family.NESTED else list(array.to_pylist())


def with_one_zero(array: pa.Array) -> pa.Array:
    """Return doubles with 0.0 in the place of -0.0."""
    return pc.add(array, pa.scalar(0.0, array.type))
