"""`python -m benchmarks.admin_lists [ROWS]`: every list of the admin, and its dashboard, with 100,000 rows in every table.

For each list the first page, the last page that is counted, two searches and each filter; prints the slowest in milliseconds
and how many queries it took. On a SQLite of its own, or on the empty database of DATABASE_URL.
"""
# ruff: noqa: PLC0415 - Django is set up first

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import django
from rich.console import Console
from rich.table import Table

ROWS = 100_000


def fill(rows: int) -> None:
    """Make the rows; of those that always stay few, a hundred."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from catalog.models import ServiceToken
    from tests.config.admin.test_lists import STAYS_SMALL
    from tests.rows import ROWS as MODELS
    from tests.rows import make_rows

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        for model in MODELS:
            make_rows(model, 100 if model in {*STAYS_SMALL, ServiceToken} else rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def pages_of(model: Any, model_admin: Any) -> Iterator[str]:
    """Yield the query strings to ask a list for."""
    from django.contrib.admin import SimpleListFilter

    yield from ("", "?p=200", "?q=1", "?q=nothing+like+it")
    for each in model_admin.list_filter:
        if isinstance(each, type) and issubclass(each, SimpleListFilter):
            lookups: Any = each.lookups(None, None, model_admin)  # type: ignore[arg-type]
            yield from (f"?{each.parameter_name}={value}" for value, _ in lookups)
        elif isinstance(each, str):
            choices = getattr(model._meta.get_field(each), "choices", None) or ()
            yield from (f"?{each}__exact={value}" for value, _ in choices)


def measure() -> list[tuple[str, float, int, str]]:
    """Return for each list its slowest page: how long it took, how many queries, which it was."""
    from django.contrib import admin
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    asked = [(reverse("admin:index"), "dashboard", [""])]
    for model, model_admin in admin.site._registry.items():  # noqa: SLF001 - the one place that knows all
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        asked.append((address, model._meta.label, list(pages_of(model, model_admin))))
    client.get(asked[0][0])  # what is read once
    results = []
    for address, label, pages in asked:
        times = []
        for page in pages:
            started = time.perf_counter()
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address + page)
            if answer.status_code >= 400:
                sys.exit(f"{address}{page} answered {answer.status_code}")
            times.append(((time.perf_counter() - started) * 1000, len(queries), page or "first page"))
        results.append((label, *max(times)))
    return results


def main() -> None:
    """Fill, measure, print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", ALLOWED_HOSTS="testserver")
        django.setup()
        fill(rows)
        table = Table("list", "slowest ms", "queries", "which", title=f"{rows:,} rows in every table")
        for label, milliseconds, queries, page in sorted(measure(), key=lambda result: -result[1]):
            table.add_row(label, f"{milliseconds:.0f}", str(queries), page)
        Console().print(table)


if __name__ == "__main__":
    main()
