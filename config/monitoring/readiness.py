"""Whether this process can do its work: its database answers and has the tables that this code expects."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from config.monitoring.health import Unhealthy, check_database, not_asked, run_check

MOST_NAMED = 20


class _Migrations:
    """Nothing takes a migration back under a running process, so that it is asked until it is done, and then no more."""

    def __init__(self) -> None:
        self._are_applied = False

    def check(self) -> dict[str, Any]:
        """Raise Unhealthy with the names of the migrations that are missing."""
        if self._are_applied:
            return {}
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        missing = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
        if missing:
            others = len(missing) - MOST_NAMED
            more = _(" and %(number)s more") % {"number": others} if others > 0 else ""
            named = ", ".join(missing[:MOST_NAMED])
            raise Unhealthy(
                _("Run manage.py migrate; not applied: %(named)s%(more)s.") % {"named": named, "more": more}
            )
        self._are_applied = True
        return {}


_migrations = _Migrations()


def report() -> tuple[bool, dict[str, Any]]:
    """Return whether the process is ready, and what each part says."""
    database = run_check("database", check_database)
    is_up = database["status"] == "ok"
    parts = {"database": database, "migrations": run_check("migrations", _migrations.check) if is_up else not_asked()}
    return all(part["status"] == "ok" for part in parts.values()), parts
