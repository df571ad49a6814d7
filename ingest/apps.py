"""Ingest: JSON comes in, is kept in PostgreSQL and goes out to Kafka, through a transactional outbox."""

from django.apps import AppConfig

from config.common.roles import operators_may
from config.common.schedules import every


class IngestConfig(AppConfig):
    """Declares what looks again, what its state is, and what is counted."""

    name = "ingest"
    verbose_name = "Ingest"

    def ready(self) -> None:
        from config.common import dashboard, health, metrics, status  # noqa: PLC0415 - models must be loaded first
        from ingest import dashboard as panels  # noqa: PLC0415
        from ingest.metrics import collect  # noqa: PLC0415 - models must be loaded first
        from ingest.status import check_backlog, state  # noqa: PLC0415

        every(1, "ingest.tasks.relay_waiting")
        health.register("ingest", check_backlog)
        metrics.register(collect)
        status.register("ingest", state)
        operators_may("ingest.publish_entries")
        dashboard.register("Outbox to Kafka", "ingest.view_dataentry", panels.outbox)
