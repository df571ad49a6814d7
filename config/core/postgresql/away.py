"""Whether an error means that the database cannot be used for now, and why it cannot be reached.

libpq gives no codes for connections that fail, so that its words have to do.
"""

import time
from collections.abc import Callable

from django.db import Error, InterfaceError, OperationalError, connection

LONGEST_CHAIN = 100  # of errors, which code may close to a ring
CONNECTION_CLASS = "08"
AWAY = frozenset(
    {
        "53300",  # too many connections
        "57P01",  # ended by an administrator, or a fast shutdown
        "57P02",  # ended because another process of the server crashed
        "57P03",  # starting up, shutting down, recovering
        "57P05",  # idle for too long
        "25006",  # read-only: it was the primary, or is to be
    }
)
ASK_AGAIN_SECONDS = 5
LONGEST_OUTAGE_SECONDS = 60.0  # that a task waits for the database
LOOK_SECONDS = 1.0
SHORT_SECONDS = 2  # for each host: whoever asks for health waits
FOR_CLIENTS = "The database cannot be used at the moment. Send the request again in a few seconds."
UNKNOWN = "It cannot be reached; the log has the details."
_WORDS = (
    (
        ("too many clients", "remaining connection slots", "too many connections", "no more connections allowed"),
        "Its server takes no more connections: raise max_connections, or run fewer processes.",
    ),
    (
        ("certificate verify failed", "root certificate file"),
        "The certificate of its server is not of a trusted authority: sslrootcert in DATABASE_URL names the file of it.",
    ),
    (
        ("does not match host name",),
        "The certificate of its server is for another host name than that of DATABASE_URL.",
    ),
    (
        ("does not support ssl", "no pg_hba.conf entry"),
        "Its server and DATABASE_URL do not agree on TLS, user or address.",
    ),
    (("authentication failed",), "Its server does not take the user name and the password of DATABASE_URL."),
    (("session is read-only", "server is in hot standby"), "No host of DATABASE_URL takes writes at the moment."),
    (("could not translate host name", "failed to resolve host"), "The host name of DATABASE_URL leads nowhere."),
    (("timeout expired", "timed out"), "Its server does not answer."),
    (("connection refused", "no such file or directory"), "Nobody listens where DATABASE_URL leads."),
)


def is_away(error: BaseException | None) -> bool:
    """Return whether an error, or what brought it about, is that PostgreSQL cannot be used for now."""
    for _ in range(LONGEST_CHAIN):
        if error is None or _tells_of_it(error):
            break
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error is not None


def _tells_of_it(error: BaseException) -> bool:
    """Django's errors have psycopg's as their cause; one without a code comes of the connection, or of its pool."""
    if not isinstance(error, Error):
        return False
    state = getattr(error.__cause__, "sqlstate", "")
    if state is None:
        return isinstance(error, OperationalError | InterfaceError)
    return state in AWAY or state.startswith(CONNECTION_CLASS)


def why_away() -> str:
    """Say why the database cannot be reached, in words for everyone: connect to it once more, by itself."""
    import psycopg  # noqa: PLC0415 - not for those on SQLite

    try:
        psycopg.connect(**connection.get_connection_params() | {"connect_timeout": SHORT_SECONDS}).close()
    except psycopg.Error as error:
        return words_for(error)
    return "All connections of this process are taken."


def words_for(error: BaseException) -> str:
    """Return what the failure to connect means."""
    said = str(error).lower()
    return next((words for phrases, words in _WORDS if any(phrase in said for phrase in phrases)), UNKNOWN)


def once_back(act: Callable[[], object], *, seconds: float = LONGEST_OUTAGE_SECONDS) -> None:
    """Do something as soon as the database is back, on a new connection; raise its error if that takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        connection.close()
        try:
            act()
        except Error as error:
            if not is_away(error) or time.monotonic() >= deadline:
                raise
            time.sleep(LOOK_SECONDS)
        else:
            return
