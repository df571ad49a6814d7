from django.db import migrations

from config.core.migrations import OnPostgres


class Migration(migrations.Migration):
    """Finds entries by their time: they lie in its order, so that a word on each few pages is enough, and costs a POST nothing."""

    atomic = False  # as CREATE INDEX CONCURRENTLY wants, which lets entries come in
    dependencies = [("ingest", "0002_operators")]
    operations = [
        OnPostgres(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS data_entries_by_time ON data_entries USING brin (created_at)"
            " WITH (pages_per_range = 16, autosummarize = on)",
            "DROP INDEX CONCURRENTLY IF EXISTS data_entries_by_time",
        )
    ]
