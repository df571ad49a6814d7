"""Databases on the engine that the tests run on; a run migrates one, which takes two seconds, and copies it."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

RUN = os.environ.setdefault("APRON_TEST_RUN", uuid.uuid4().hex)  # the workers of xdist have their controller's
TEMPLATE = f"apron_migrated_{RUN}"


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """Yield the url of a database with nothing in it."""
    if connection.vendor == "sqlite":
        yield _sqlite_url(folder / "apron.sqlite3")
        return
    with _copy_of("template1") as name:
        yield _postgresql_url(name)


@contextmanager
def migrated_database(folder: Path) -> Iterator[str]:
    """Yield the url of a database as `migrate` leaves it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        make_template()
    if connection.vendor == "sqlite":
        shutil.copyfile(_template_file(), folder / "apron.sqlite3")
        yield _sqlite_url(folder / "apron.sqlite3")
        return
    with _copy_of(TEMPLATE) as name:
        yield _postgresql_url(name)


class Migrated:
    """What `migrate` left in Django's database, to come back to after a test that commits.

    Django's own way truncates each table and lets all apps make their rows anew, which takes 0.3 s.
    """

    def __init__(self) -> None:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        with connection.cursor() as cursor:
            self._rows = {table: _rows(cursor, table) for table in tables}

    def restore(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self._rows.items():
                if rows and _rows(cursor, table) == rows:
                    continue
                cursor.execute(f'DELETE FROM "{table}"')
                if rows:
                    cursor.executemany(f'INSERT INTO "{table}" VALUES ({", ".join(["%s"] * len(rows[0]))})', rows)


def _rows(cursor: CursorWrapper, table: str) -> list[tuple[Any, ...]]:
    cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@cache
def make_template() -> None:
    """Migrate the database to copy, which goes when this process ends.

    xdist's controller does so while its workers collect; without workers, whoever first needs it.
    """
    if connection.vendor == "sqlite":
        _template_file().parent.mkdir()
        atexit.register(shutil.rmtree, _template_file().parent)
        _migrate(_sqlite_url(_template_file()))
    else:
        _ask_server(f'CREATE DATABASE "{TEMPLATE}"')
        atexit.register(_ask_server, f'DROP DATABASE "{TEMPLATE}"')
        _migrate(_postgresql_url(TEMPLATE))


@contextmanager
def _copy_of(template: str) -> Iterator[str]:
    """Make a database of PostgreSQL and yield its name."""
    name = f"apron_{uuid.uuid4().hex}"
    _ask_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        _ask_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def _ask_server(statement: str) -> None:
    facts = connection.settings_dict
    login = {"host": facts["HOST"], "port": facts["PORT"] or None, "user": facts["USER"], "password": facts["PASSWORD"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **login) as server:
        server.execute(statement)


def _template_file() -> Path:
    return Path(tempfile.gettempdir(), TEMPLATE, "apron.sqlite3")


def _sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


def _postgresql_url(name: str) -> str:
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


def _migrate(database_url: str) -> None:
    environment = os.environ | {"DATABASE_URL": database_url, "SECRET_KEY": "test", "API_TOKEN": "test-token"}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"],
        cwd=settings.BASE_DIR,
        env=environment,
        check=True,
        timeout=60,
    )
