"""Engines by name. An engine is imported when it is first needed: a worker process loads only its own."""

from importlib import import_module
from typing import cast

from compute.engines.base import Engine

ENGINES = {
    "duckdb": "compute.engines.duckdb.engine:DuckDb",
    "pandas": "compute.engines.pandas.engine:Pandas",
    "spark": "compute.engines.spark.engine:Spark",
}


def engine_class(name: str) -> type[Engine]:
    """Return the engine called `name`, one of ENGINES."""
    module, _, attribute = ENGINES[name].partition(":")
    return cast(type[Engine], getattr(import_module(module), attribute))
