"""What a process finds out about its PostgreSQL before it starts. One that is away is no reason not to: it may come back."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import connection

from config.core.postgresql.away import words_for
from config.core.postgresql.sessions import MEND, are_kept

SMALLEST_POOL = 3  # connections: with fewer a relay's threads wait for one another, and it publishes next to nothing
TAKES_WRITES = ("read-write", "primary")
OF_TLS = ("certificate", "does not support SSL", "sslmode", "SSL error")


def check_database(**_: Any) -> list[CheckMessage]:
    """Find a pooler by transaction, and a server that is not the one that DATABASE_URL asks for."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return []
    if settings.DATABASE_POOL_SIZE < SMALLEST_POOL:
        hint = (
            f"Set it to 21, one for each thread of a web process, or to {SMALLEST_POOL} at least, which a relay needs."
        )
        return [Error(f"DATABASE_POOL_SIZE is below {SMALLEST_POOL}.", hint=hint, id="apron.E212")]
    import psycopg  # noqa: PLC0415 - not for those on SQLite

    parameters = connection.get_connection_params()
    if "," in parameters.get("host", "") and parameters.get("target_session_attrs") not in TAKES_WRITES:
        hint = "Add ?target_session_attrs=read-write to it, so that the host is taken that is the primary."
        return [Error("DATABASE_URL names several hosts, of which some may be read-only.", hint=hint, id="apron.E213")]
    try:
        psycopg.connect(**parameters).close()
    except psycopg.Error as error:
        return [_untrusted(error)] if any(each in str(error) for each in OF_TLS) else []
    if are_kept(parameters) is False:
        text = "DATABASE_URL leads to a pooler that pools by transaction: locks and imports need a session."
        return [Error(text, hint=MEND, id="apron.E210")]
    return []


def _untrusted(error: Exception) -> CheckMessage:
    text = f"The database's server cannot be trusted: {' '.join(str(error).split())}"
    return Error(text, hint=words_for(error), id="apron.E211")
