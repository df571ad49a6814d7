"""The in-memory DuckDB database of a worker process. Its jobs share it: creating one takes longer than most jobs."""

from functools import cache

import duckdb

from compute.engines.base import Resources


@cache
def database() -> duckdb.DuckDBPyConnection:
    """Return the database, made with the first call."""
    made = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    # The mean that narwhals asks for adds doubles one after the other: of ten times 0.1 it is 0.09999999999999999.
    made.execute("CREATE MACRO mean(number) AS favg(number)")
    return made


def connect(resources: Resources) -> duckdb.DuckDBPyConnection:
    """Return a connection that sees no other's tables, its database bound to `resources`: one job at a time."""
    try:
        return _bound(database().cursor(), resources)
    except duckdb.Error:  # it is broken; or has spilled, and can do so in no other folder
        forget()
        return _bound(database().cursor(), resources)


def forget() -> None:
    """Let the next connection be to a new database: lack of memory, say, may have left this one in disorder."""
    database.cache_clear()


def _bound(connection: duckdb.DuckDBPyConnection, resources: Resources) -> duckdb.DuckDBPyConnection:
    spilled = str(resources.scratch / "spilled").replace("'", "''")
    connection.execute(
        f"SET memory_limit = '{resources.memory}B'; SET threads = {resources.threads}; SET temp_directory = '{spilled}';"
        "SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET enable_progress_bar_print = false;"
        "SET enable_profiling = 'no_output'"  # the plan's row counts; costs nothing measurable
    )
    return connection
