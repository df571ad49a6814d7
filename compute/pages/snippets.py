"""A job as the calls that do the same: with curl, with Python, and as SQL for DuckDB."""

import pprint
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compute.engines.duckdb.sql import quoted_name, quoted_text
from compute.files.formats import Format, format_of
from compute.models import Job
from compute.operations.group_by import QUANTILES, Aggregation
from compute.operations.where import Comparison
from config.core.json import dumps, loads

FUNCTIONS = {
    Aggregation.MEAN: "avg({})", Aggregation.N_UNIQUE: "count(DISTINCT {})", Aggregation.STD: "stddev_samp({})",
    Aggregation.VAR: "var_samp({})", Aggregation.FIRST: "first({})", Aggregation.LAST: "last({})",
    **{each: f"quantile_cont({{}}, {share})" for each, share in QUANTILES.items()},
}  # fmt: skip
STATISTICS = {
    "count": "count({0})", "nulls": "count(*) - count({0})", "mean": "avg({0})", "variance": "var_samp({0})",
    "standard_deviation": "stddev_samp({0})", "min": "min({0})", "max": "max({0})",
}  # fmt: skip
OPTIONS = {"delimiter": "delim", "quote": "quote", "escape": "escape", "comment": "comment", "skip_rows": "skip"}


def curl_of(job: Job, address: str) -> str:
    """Return the command; `address` is the server's. The token is named, not shown."""
    return " \\\n  ".join(
        [
            f"curl {shlex.quote(_url(job, address))}",
            '-H "Authorization: Bearer $APRON_TOKEN"',
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(dumps(_body(job)).decode())}",
        ]
    )


def python_of(job: Job, address: str) -> str:
    """Return the script; it asks the same as curl_of's command, and prints where the result is."""
    body = pprint.pformat(loads(dumps(_body(job))), width=100, sort_dicts=False)
    return (
        "import os\n\nimport requests\n\n"
        f"question = {body}\n"
        "answer = requests.post(\n"
        f"    {_url(job, address)!r},\n"
        "    json=question,\n"
        '    headers={"Authorization": f"Bearer {os.environ[\'APRON_TOKEN\']}"},\n'
        "    timeout=60,\n"
        ")\n"
        "answer.raise_for_status()\n"
        "print(answer.json())\n"
    )


def sql_of(job: Job) -> str:
    """Return the query for DuckDB, which guesses the types of columns that Apron reads off the values."""
    read = {**(job.reading or {}).get("read", {}), **job.parameters.get("read", {})}
    where = [_condition(each) for each in job.parameters.get("where", [])]
    match job.operation:
        case Job.Operation.GROUP_BY:
            text = _group_by(job, read, where)
        case Job.Operation.STATS:
            text = _stats(job, read, where)
        case _:
            there = [f"{quoted_name(column)} IS NOT NULL" for column in job.parameters["columns"]]
            text = f"SELECT *\n{_from(job, read)}{_where([*there, *where])}"
    return f"{_encoding(read)}{text}{_end(job)};\n"


def _url(job: Job, address: str) -> str:
    return f"{address}api/compute/{job.operation}"


def _body(job: Job) -> dict[str, Any]:
    body = {"file_path": job.file_path, **job.parameters}
    if format_of(job.file_path) != job.input_format:
        body["input_format"] = job.input_format
    if job.output_format:
        body["output_format"] = job.output_format
    return body


def _group_by(job: Job, read: Mapping[str, Any], where: Sequence[str]) -> str:
    keys = [quoted_name(column) for column in job.parameters["by"]]
    figures = [
        f"{FUNCTIONS.get(Aggregation(name), f'{name}({{}})').format(quoted_name(column))} AS {quoted_name(f'{column}_{name}')}"
        for column, names in job.parameters["aggregations"].items()
        for name in names or ["count"]
    ]
    selected = ",\n       ".join([*keys, *(figures or ["count(*) AS count"])])
    group = f"\nGROUP BY {', '.join(keys)}" if keys else ""
    return f"SELECT {selected}\n{_from(job, read)}{_where(where)}{group}"


def _stats(job: Job, read: Mapping[str, Any], where: Sequence[str]) -> str:
    keys = [quoted_name(column) for column in job.parameters["by"]]
    group = f"\nGROUP BY {', '.join(keys)}" if keys else ""
    queries = []
    for column in job.parameters["columns"]:
        figures = [f"{figure.format(quoted_name(column))} AS {name}" for name, figure in STATISTICS.items()]
        selected = ", ".join([*keys, f'{quoted_text(column)} AS "column"', *figures])
        queries.append(f"SELECT {selected}\n{_from(job, read)}{_where(where)}{group}")
    together = "\nUNION ALL\n".join(queries)
    return f"FROM (\n{together}\n)" if len(queries) > 1 else together


def _from(job: Job, read: Mapping[str, Any]) -> str:
    path, format_ = quoted_text(job.file_path), job.input_format or format_of(job.file_path)
    match format_:
        case Format.CSV | Format.TSV:
            return f"FROM read_csv({', '.join([path, *_csv_options(read)])})"
        case Format.JSON | Format.JSONL:
            return f"FROM read_json({path})"
        case Format.PARQUET:
            return f"FROM read_parquet({path})"
    return f"FROM read_parquet({path})  -- DuckDB does not read {format_}: have it converted to Parquet first"


def _csv_options(read: Mapping[str, Any]) -> Iterator[str]:
    for name, option in OPTIONS.items():
        if read.get(name):
            yield f"{option} = {_literal(read[name])}"
    yield f"header = {'true' if read.get('header', True) else 'false'}"
    if "decimal" in read:
        yield f"decimal_separator = {quoted_text(read['decimal'])}"
    if "thousands" in read:
        yield f"thousands = {quoted_text(read['thousands'])}"
    if read.get("null_values"):
        yield f"nullstr = [{', '.join(map(quoted_text, ['', *read['null_values']]))}]"


def _encoding(read: Mapping[str, Any]) -> str:
    encoding = read.get("encoding", "utf-8")
    return "" if encoding == "utf-8" else f"-- The file is in {encoding}: have it as UTF-8 first, such as by iconv.\n"


def _where(conditions: Sequence[str]) -> str:
    return "\nWHERE " + "\n  AND ".join(conditions) if conditions else ""


def _condition(asked: Mapping[str, Any]) -> str:
    column, value = quoted_name(asked["column"]), asked.get("value", True)
    match asked["op"]:
        case Comparison.IS_NULL:
            return f"{column} IS {'NULL' if value else 'NOT NULL'}"
        case Comparison.CONTAINS:
            return f"contains({column}::VARCHAR, {quoted_text(value)})"
        case Comparison.IN:
            return f"{column} IN ({', '.join(map(_literal, value))})"
    return f"{column} {'<>' if asked['op'] in ('!=', '≠') else asked['op']} {_literal(value)}"


def _end(job: Job) -> str:
    sort = [
        f"{quoted_name(each['column'])}{' DESC' if each.get('descending') else ''}"
        for each in job.parameters.get("sort", [])
    ]
    keys = job.parameters.get("by", []) if job.operation == Job.Operation.GROUP_BY else []
    orders = [f"{each} NULLS LAST" for each in dict.fromkeys([*sort, *map(quoted_name, keys)])]
    limit = job.parameters.get("limit")
    return (f"\nORDER BY {', '.join(orders)}" if orders else "") + (f"\nLIMIT {limit}" if limit else "")


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else quoted_text(str(value))
