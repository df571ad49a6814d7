"""SQL that reads a file. Types are not guessed: a CSV cell is text, a JSON cell is its JSON text."""

from collections.abc import Sequence

from compute.engines.duckdb.sql import quoted_name, quoted_text
from compute.files.formats import MAX_ROW_BYTES, Format, Source
from compute.files.json_check import MAX_JSON_RECORD_BYTES
from compute.files.truncation import REGION_BYTES
from compute.files.twins import MARK

UNPACKED = "compression='none'"  # whatever the name says
REGIONS_PER_BUFFER = 4  # DuckDB's own ratio


def table_of(source: Source) -> str:
    """Return the table function of a source whose columns are known, or of a Parquet file."""
    if source.format == Format.PARQUET and any(MARK in column for column in source.columns):
        names = ", ".join(map(quoted_name, source.columns))  # by their places, for to DuckDB they are one
        return f"(SELECT * FROM read_parquet({_path(source)}) AS t({names}))"
    if source.format == Format.PARQUET:
        return f"read_parquet({_path(source)})"
    if source.paths:
        return _at_paths(source)
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

    And of whether there may be an object in one. What is no record ends it.
    """
    return (
        f"WITH lists AS MATERIALIZED (SELECT {KEYS} AS k, bool_or(contains(json[2:]::VARCHAR, '{{')) AS nested"
        f" FROM {_records(source)} GROUP BY k)"
        " SELECT count(*), any_value(k), (SELECT count(DISTINCT name) FROM (SELECT unnest(k) AS name FROM lists)),"
        " coalesce(bool_or(nested), false) FROM lists"
    )


def kinds_query(source: Source, paths: Sequence[Sequence[str]]) -> str:
    """Return the query of the numbers of these paths in JSON, with whether there is an object with keys, and another value.

    One aggregate over a row for each value: as many aggregates as paths would take longer to plan than to run.
    """
    values = f"SELECT json_extract(json, [{', '.join(map(_pointer, paths))}]) AS v FROM {_records(source)}"
    each = f"SELECT unnest(v) AS value, unnest(range({len(paths)})) AS place FROM ({values})"
    is_object = _is_object("value")
    return (
        f"SELECT place, bool_or({is_object}), bool_or(json_type(value) <> 'NULL' AND NOT {is_object})"
        f" FROM ({each}) GROUP BY place"
    )


def _is_object(value: str) -> str:
    """The condition to be an object that has keys."""
    return f"(json_type({value}) = 'OBJECT' AND {value}::VARCHAR <> '{{}}')"


def nested_keys_query(source: Source, parents: Sequence[Sequence[str]], *, in_order: bool) -> str:
    """Return the query of the distinct lists of lists of keys: of the objects at these paths, empty where there is none.

    To have them in the order of their first appearance takes twice as long.
    """
    keys = f"SELECT json_keys(json, [{', '.join(map(_pointer, parents))}]) AS k"
    if not in_order:
        return f"SELECT DISTINCT k FROM ({keys} FROM {_records(source)})"
    numbered = f"{keys}, row_number() OVER () AS r FROM {_records(source)}"
    return f"SELECT k FROM ({numbered}) GROUP BY k ORDER BY min(r)"


def _at_paths(source: Source) -> str:
    """Return the subquery of the columns of nested JSON: each record is taken apart once."""
    values = f"json_extract(json, [{', '.join(map(_pointer, source.paths))}])"
    parents = {path[:length] for path in source.paths for length in range(1, len(path))}
    columns = []
    for number, (column, path) in enumerate(zip(source.columns, source.paths, strict=True), 1):
        value = f"v[{number}]"
        if path in parents:  # there is an object in other records, whose values are columns of their own
            value = f"CASE WHEN NOT {_is_object(value)} THEN {value} END"
        columns.append(f"{value} AS {quoted_name(column)}")
    return f"(SELECT {', '.join(columns)} FROM (SELECT {values} AS v FROM {_records(source)}))"


def _pointer(path: Sequence[str]) -> str:
    """A path as a JSON pointer (RFC 6901); as a JSONPath where the pointer would also lead into an array."""
    if any(key.isdecimal() or key == "-" for key in path[1:]) and all(path):
        return quoted_text("$" + "".join(f'."{_escaped(key)}"' for key in path))
    return quoted_text("".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path))


def _escaped(key: str) -> str:
    return key.replace("\\", "\\\\").replace('"', '\\"')


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
