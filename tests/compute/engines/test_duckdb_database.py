"""One database of DuckDB serves one job after another, and no job notices another."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from compute.engines.base import Resources
from compute.engines.duckdb.database import connect, database, forget
from compute.files.errors import LimitReached
from tests.compute.tables import run

MB = 1024**2
LARGE = "SELECT i, hash(i)::VARCHAR || repeat('x', 60) AS text FROM range({rows}) t(i)"


@pytest.fixture(autouse=True)
def _own_database() -> Iterator[None]:
    forget()
    yield
    forget()


def resources(folder: Path, memory: int = 64 * MB) -> Resources:
    folder.mkdir(exist_ok=True)
    return Resources(memory, 1, folder, "")


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    row = connection.execute("SELECT current_setting(?)", [name]).fetchone()
    return str(row[0]) if row else ""


def test_the_next_job_has_the_same_database_and_none_of_the_tables(tmp_path: Path) -> None:
    first = connect(resources(tmp_path / "a"))
    same = database()
    first.execute("CREATE TEMP TABLE held1 AS SELECT 1")
    first.close()
    second = connect(resources(tmp_path / "b", memory=80 * MB))
    assert database() is same
    assert setting(second, "memory_limit") == "80.0 MiB"
    with pytest.raises(duckdb.CatalogException):
        second.execute("FROM held1")


def test_a_job_after_one_that_spilled_spills_into_its_own_folder(tmp_path: Path) -> None:
    first = connect(resources(tmp_path / "a"))
    first.execute(f"CREATE TEMP TABLE held1 AS {LARGE.format(rows=1_000_000)}")
    assert list((tmp_path / "a" / "spilled").iterdir())
    first.close()
    second = connect(resources(tmp_path / "b"))
    assert setting(second, "temp_directory") == str(tmp_path / "b" / "spilled")


def test_a_job_that_lacked_memory_is_the_last_of_its_database(tmp_path: Path) -> None:
    with (tmp_path / "many.csv").open("w") as file:
        file.write("key\n")
        file.writelines(f"{number}{'x' * 100}\n" for number in range(100_000))
    database_before = database()
    with pytest.raises(LimitReached):
        run(tmp_path / "many.csv", "group_by", by=["key"], aggregations={}, memory=2 * MB)
    assert database() is not database_before


def test_a_file_that_is_refused_costs_no_database(tmp_path: Path) -> None:
    (tmp_path / "text.csv").write_text("price\nmany\n")
    database_before = database()
    with pytest.raises(Exception, match="not numeric"):
        run(tmp_path / "text.csv", "stats", columns=["price"])
    assert database() is database_before
