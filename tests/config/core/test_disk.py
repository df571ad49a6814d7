"""What counts as a full disk, and what does not; how much room there is."""

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction

from config.core import disk
from config.core.disk import Space, lacks_room, space_of, where_room_lacks
from tests.config.processes import environment
from tests.disks import fill, run_in_a_namespace, small_disk

GIGABYTE = 1024**3


def sqlite_error(*statements: str) -> sqlite3.Error:
    with closing(sqlite3.connect(":memory:")) as database, pytest.raises(sqlite3.Error) as error:
        database.executescript(";".join(statements))
    return error.value


def full_sqlite() -> sqlite3.Error:
    return sqlite_error("PRAGMA max_page_count = 2", "CREATE TABLE t (x)", "INSERT INTO t VALUES (zeroblob(100000))")


def raised(make: Callable[[], object]) -> BaseException:
    try:
        make()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_the_systems_own_errors_are_told_apart_by_their_number(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        assert lacks_room(raised(lambda: full.write(b"x")))
    assert lacks_room(OSError(errno.EDQUOT, "of the user's quota"))
    assert not lacks_room(raised((tmp_path / "missing").read_bytes))
    assert not lacks_room(OSError(errno.EFBIG, "a limit of the process"))
    assert not lacks_room(None)


def test_of_sqlites_errors_it_is_the_full_one() -> None:
    assert lacks_room(full_sqlite())
    assert not lacks_room(sqlite_error("SELECT nothing"))


def test_what_sqlite_could_not_open_is_a_full_disk_only_where_one_is_full(tmp_path: Path) -> None:
    error = raised(lambda: sqlite3.connect(tmp_path / "missing" / "file").close())
    assert not lacks_room(error)
    with small_disk(tmp_path / "small", 64 * 1024) as folder:
        disk.watch("A_TEST", lambda: folder)
        try:
            fill(folder)
            assert lacks_room(error)
            assert where_room_lacks(error) == "the disk of A_TEST"
        finally:
            del disk._folders["A_TEST"]


@pytest.mark.django_db(transaction=True)
def test_of_postgresqls_errors_it_is_53100_and_health_remembers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("it is PostgreSQL's error")
    monkeypatch.setattr(disk, "_server_was_full_at", float("-inf"))

    def run(code: str) -> BaseException:
        with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{code}'; END $$")
        return error.value

    assert not lacks_room(run("53200"))
    assert not disk.was_server_full()
    assert lacks_room(full := run("53100"))
    assert where_room_lacks(full) == "the disk of the database's server"
    assert disk.was_server_full()


def test_it_is_looked_for_behind_an_error_but_not_where_that_is_denied() -> None:
    def caused() -> None:
        raise OperationalError from OSError(errno.ENOSPC, "")

    def met_while_handling(*, denied: bool) -> None:
        try:
            raise OSError(errno.ENOSPC, "")  # noqa: TRY301 - to be met
        except OSError:
            if denied:
                raise ValueError from None
            raise ValueError  # noqa: B904 - as code does that cleans up

    assert lacks_room(raised(caused))
    assert lacks_room(raised(lambda: met_while_handling(denied=False)))
    assert not lacks_room(raised(lambda: met_while_handling(denied=True)))


def test_of_a_small_disk_a_twentieth_is_kept_free() -> None:
    large, small = Space(1, 0, 100 * GIGABYTE), Space(1, 0, 100)
    assert (large.least_free, small.least_free) == (settings.DISK_LEAST_FREE_BYTES, 5)
    assert Space(1, 6, 100).has_room_for(1)
    assert not Space(1, 6, 100).has_room_for(2)


def test_the_room_of_a_folder_that_is_not_made_yet_is_that_of_its_parent(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 1024 * 1024) as folder:
        found = space_of(folder / "not" / "yet")
        assert (found.total, found.device) == (1024 * 1024, folder.stat().st_dev)
        before = found.free
        (folder / "file").write_bytes(b"x" * 100 * 1024)
        assert before - space_of(folder).free == 100 * 1024
        with suppress(OSError):
            fill(folder)
        assert space_of(folder).free == 0


def test_a_process_whose_log_finds_no_room_goes_on() -> None:
    code = """
import django; django.setup()
import logging
for number in range(1000):
    logging.getLogger("ours").error("a line of the log %d", number)
print("went on")
"""
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-c", code], env=environment(), cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=full,
            check=False, timeout=60,
        )  # fmt: skip
    assert ran.stdout == b"went on\n"


def test_in_a_namespace() -> None:
    run_in_a_namespace(os.path.relpath(__file__))
