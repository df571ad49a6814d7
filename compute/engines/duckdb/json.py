"""SQL that writes a value of any type as standard JSON: bytes as base64, NaN as null, infinity refused."""

from typing import Any

from compute.engines.duckdb.sql import is_exact_double, quoted_name, quoted_text, raising

TEMPORAL = frozenset(
    {"date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone", "timestamptz_ns"}
)
SURE_DIGITS = 15  # so many decimal digits any double tells apart
FIRST_YEAR, LAST_YEAR = 1, 9999  # which ISO 8601 writes with four digits, and every reader knows


# What DuckDB takes for JSON, and a preview, which does not read the whole file, may meet.
NO_JSON = r"(?i)(^|[:\[,-])(nan|inf(inity)?)([,\]}]|$)"


class JsonValues:
    """SQL expressions for a column; `for_display`: unrepresentable values become text."""

    def __init__(self, column: str, *, for_display: bool = False) -> None:
        self._column, self._for_display = column, for_display

    def of(self, value: str, type_: Any, depth: int = 0) -> str:
        """Return the expression of `value`, of a type of DuckDB's, that its JSON writer writes right."""
        match type_.id:
            case "list" | "array":
                return self._list(value, dict(type_.children)["child"], depth)
            case "struct":
                return self._struct(value, type_, depth)
            case "map":
                return self._map(value, type_, depth)
        return self._scalar(value, type_)

    def _scalar(self, value: str, type_: Any) -> str:
        if str(type_) == "JSON" and self._for_display:
            return f"CASE WHEN regexp_matches({value}::VARCHAR, '{NO_JSON}') THEN to_json({value}::VARCHAR) ELSE {value} END"
        match type_.id:
            case "float":
                return self._finite(value, f"{value}::VARCHAR::DOUBLE")  # 0.1, not 0.10000000149011612
            case "double":
                return self._finite(value, value)
            case "decimal":
                return self._decimal(value, type_)
            case "blob":
                return f"base64({value})"
        return self.in_years(value) if type_.id in TEMPORAL else value

    def in_years(self, value: str) -> str:
        """Return a date or time, refused where its year is not one of four digits."""
        if self._for_display:
            return f"{value}::VARCHAR"
        fits = f"year({value}) BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"
        return f"CASE WHEN {value} IS NULL OR {fits} THEN {value} ELSE {self._refused(value)} END"

    def _finite(self, value: str, number: str) -> str:
        if self._for_display:
            return f"CASE WHEN isinf({value}) THEN to_json({value}::VARCHAR) WHEN isfinite({value}) THEN to_json({number}) END"
        return f"CASE WHEN isfinite({value}) THEN {number} WHEN isinf({value}) THEN {self._refused(value)} END"

    def _decimal(self, value: str, type_: Any) -> str:
        """A number where it is one for readers that know doubles only, our own among them; text where it has more digits."""
        if dict(type_.children)["precision"] <= SURE_DIGITS:
            return value
        return f"CASE WHEN {is_exact_double(value, type_)} THEN to_json({value}) ELSE to_json({value}::VARCHAR) END"

    def _refused(self, value: str) -> str:
        return raising("unwritable", quoted_text(self._column), f"{value}::VARCHAR")

    def _list(self, value: str, child: Any, depth: int) -> str:
        item = f"x{depth}"
        inner = self.of(item, child, depth + 1)
        return value if inner == item else f"list_transform({value}::{child}[], lambda {item}: {inner})"

    def _struct(self, value: str, type_: Any, depth: int) -> str:
        parts = {name: f"struct_extract({value}, {quoted_text(name)})" for name, _ in type_.children}
        inner = {name: self.of(parts[name], child, depth) for name, child in type_.children}
        if inner == parts:
            return value
        members = ", ".join(f"{quoted_name(name)} := {expression}" for name, expression in inner.items())
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({members}) END"

    def _map(self, value: str, type_: Any, depth: int) -> str:
        types, entry = dict(type_.children), f"x{depth}"
        inner = self.of(f"{entry}.value", types["value"], depth + 1)
        if inner == f"{entry}.value" and types["key"].id != "blob":
            return value
        key = self.of(f"{entry}.key", types["key"], depth + 1)
        return (
            f"CASE WHEN {value} IS NOT NULL THEN map_from_entries(list_transform(map_entries({value}),"
            f" lambda {entry}: {{'key': ({key})::VARCHAR, 'value': {inner}}})) END"
        )
