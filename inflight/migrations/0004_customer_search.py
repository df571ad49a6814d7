from django.db import migrations

from config.core.migrations import OnPostgres


class Migration(migrations.Migration):
    """Finds customers by the beginning of a name or an address in any case, as Django asks for it: UPPER(…) LIKE 'X%'."""

    atomic = False  # as CREATE INDEX CONCURRENTLY wants, which lets imports go on
    dependencies = [("inflight", "0003_filters")]
    operations = [
        OnPostgres(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS customer_{name} ON inflight_customer (UPPER({name}::text) text_pattern_ops)",
            f"DROP INDEX CONCURRENTLY IF EXISTS customer_{name}",
        )
        for name in ("email", "last_name")
    ]
