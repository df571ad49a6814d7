"""What is made of a PostgreSQL that is away, full, or not the one that was asked for."""

import sqlite3
from collections.abc import Callable

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection
from django.db.utils import InternalError
from psycopg import errors
from psycopg_pool import PoolTimeout

from config.core.postgresql.away import UNKNOWN, is_away, once_back, words_for
from config.core.postgresql.sessions import are_kept
from tests.config.processes import run_python
from tests.fakes.faulty import free_port

ASK = """
from django.test import Client
answer = Client(headers={"host": "localhost"}).get("/api/imports")
print(answer.status_code, answer["Retry-After"], answer.content.decode())
"""


def wrapped(kind: type[Exception], cause: Exception) -> Exception:
    """An error of Django's as it makes one of the driver's."""
    error = kind(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (wrapped(OperationalError, psycopg.OperationalError("the connection is closed")), True),
        (wrapped(OperationalError, PoolTimeout("couldn't get a connection after 5.00 sec")), True),
        (wrapped(OperationalError, errors.AdminShutdown("terminating connection")), True),
        (wrapped(OperationalError, errors.TooManyConnections("too many")), True),
        (wrapped(InternalError, errors.ReadOnlySqlTransaction("read-only")), True),
        (wrapped(OperationalError, errors.LockNotAvailable("locked")), False),
        (wrapped(OperationalError, errors.DiskFull("full")), False),
        (wrapped(OperationalError, sqlite3.OperationalError("database is locked")), False),
        (wrapped(IntegrityError, errors.UniqueViolation("twice")), False),
        (ValueError("anything"), False),
        (None, False),
    ],
)
def test_what_means_that_the_database_is_away(error: Exception | None, expected: bool) -> None:
    assert is_away(error) is expected


def test_what_brought_an_error_about_counts() -> None:
    closed = wrapped(OperationalError, psycopg.OperationalError("the connection is closed"))
    assert is_away(wrapped(RuntimeError, closed))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("FATAL:  sorry, too many clients already", "takes no more connections"),
        (
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "takes no more connections",
        ),
        ("SSL error: certificate verify failed", "not of a trusted authority"),
        ('server certificate for "db" does not match host name "127.0.0.1"', "is for another host name"),
        ('FATAL:  password authentication failed for user "apron"', "does not take the user name and the password"),
        ("connection failed: session is read-only", "No host of DATABASE_URL takes writes"),
        ("Connection refused\n\tIs the server running on that host?", "Nobody listens"),
        ("the password is hunter2", UNKNOWN),
    ],
)
def test_a_connection_that_fails_is_told_of_in_our_own_words(said: str, words: str) -> None:
    assert words in words_for(psycopg.OperationalError(said))


def test_a_request_without_a_database_is_a_503_that_says_to_come_again() -> None:
    with free_port() as port:
        ended = run_python(ASK, DATABASE_URL=f"postgres://nobody@127.0.0.1:{port}/nothing")
    status, after, body = ended.stdout.split(" ", 2)
    assert (status, after) == ("503", "5")
    assert "The database cannot be used at the moment." in body
    assert "No database for GET /api/imports" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("address", "changes", "code"),
    [
        ("one:1,two:2/apron", {}, "E213"),
        ("one:1/apron", {"DATABASE_POOL_SIZE": "2"}, "E212"),
    ],
)
def test_what_cannot_work_is_found_before_anything_is_connected_to(
    address: str, changes: dict[str, str], code: str
) -> None:
    check = "from django.core.management import call_command; call_command('check', '--tag', 'settings')"
    assert f"apron.{code}" in run_python(check, DATABASE_URL=f"postgres://u@{address}", **changes).stderr


@pytest.fixture
def lost() -> Callable[[], None]:
    """Fail as without a database: the first time, and only that."""
    turns = iter([wrapped(OperationalError, psycopg.OperationalError("the connection is closed"))])

    def act() -> None:
        for error in turns:
            raise error

    return act


@pytest.mark.django_db(transaction=True)
def test_an_act_is_tried_again_until_the_database_is_back(lost: Callable[[], None]) -> None:
    once_back(lost)


@pytest.mark.django_db(transaction=True)
def test_an_act_is_not_tried_for_ever(lost: Callable[[], None]) -> None:
    with pytest.raises(OperationalError):
        once_back(lost, seconds=0)


@pytest.mark.django_db(transaction=True)
def test_the_server_itself_keeps_sessions() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has sessions")
    assert are_kept(connection.get_connection_params()) is True


def test_whether_sessions_are_kept_is_unknown_where_nobody_answers() -> None:
    with free_port() as port:
        assert are_kept({"host": "127.0.0.1", "port": port, "user": "nobody"}) is None
