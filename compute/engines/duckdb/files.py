"""SQL that reads a file. Types are not guessed: a CSV cell is text, a JSON cell is its JSON text."""

from collections.abc import Sequence

from compute.engines.duckdb.sql import quoted_name, quoted_text
from compute.files.formats import MAX_ROW_BYTES, Format, Source
from compute.files.json_check import MAX_JSON_RECORD_BYTES
from compute.files.truncation import REGION_BYTES

UNPACKED = "compression='none'"  # whatever the name says
REGIONS_PER_BUFFER = 4  # DuckDB's own ratio


def table_of(source: Source) -> str:
    """Return the table function of a source whose columns are known, or of a Parquet file."""
    if source.format == Format.PARQUET:
        return f"read_parquet({_path(source)})"
    if source.is_json:
        return f"read_json({_path(source)}, {_json_options(source)}, columns={_struct(source.columns, 'JSON')})"
    return (
        f"read_csv({_path(source)}, {UNPACKED}, auto_detect=false, header=true, quote='\"', escape='\"',"
        f" delim={quoted_text(source.delimiter)}, new_line={quoted_text(source.line_end.encode('unicode_escape').decode())},"
        f" max_line_size={MAX_ROW_BYTES}, buffer_size={REGIONS_PER_BUFFER * REGION_BYTES},"
        f" columns={_struct(source.columns, 'VARCHAR')})"
    )


def key_lists_query(source: Source) -> str:
    """Return the query of how many distinct lists of keys JSON records have, of one of them, and of how many keys there are.

    What is no record ends it.
    """
    return (
        f"WITH lists AS MATERIALIZED (SELECT DISTINCT {KEYS} AS k FROM {_records(source)})"
        " SELECT count(*), any_value(k), (SELECT count(DISTINCT name) FROM (SELECT unnest(k) AS name FROM lists)) FROM lists"
    )


def keys_query(source: Source, *, records: int | None = None) -> str:
    """Return the query of all keys of all JSON records, or of the first ones, in the order of their first appearance."""
    limit = "" if records is None else f" LIMIT {records}"
    numbered = f"SELECT {KEYS} AS k, row_number() OVER () AS r FROM (FROM {_records(source)}{limit})"
    first = f"SELECT k, min(r) AS r FROM ({numbered}) GROUP BY k"
    places = f"SELECT unnest(k) AS name, r, generate_subscripts(k, 1) AS place FROM ({first})"
    return f"SELECT name FROM ({places}) GROUP BY name ORDER BY min((r, place))"


NO_RECORD = "not a record: "
KEYS = f"CASE WHEN json_type(json) = 'OBJECT' THEN json_keys(json) ELSE error('{NO_RECORD}' || left(json::VARCHAR, 80)) END"


def _records(source: Source) -> str:
    return f"read_json_objects({_path(source)}, {_json_options(source)})"


def schema_query(source: Source) -> str:
    """Return the query of a Parquet file's schema, (name, number of children), parents first; `read_parquet` renames twins."""
    return f"SELECT name, coalesce(num_children, 0) FROM parquet_schema({_path(source)}) ORDER BY column_id"


def _path(source: Source) -> str:
    return quoted_text(str(source.path))


def _json_options(source: Source) -> str:
    lines = "newline_delimited" if source.by_lines else "unstructured"
    form = "array" if source.format == Format.JSON else lines
    return f"{UNPACKED}, format='{form}', maximum_object_size={MAX_JSON_RECORD_BYTES}"


def _struct(columns: Sequence[str], type_: str) -> str:
    return "{" + ", ".join(f"{quoted_name(column)}: '{type_}'" for column in columns) + "}"
