"""Ingest: stores JSON in PostgreSQL and publishes it to Kafka through a transactional outbox."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from config.worker.schedules import every


class IngestConfig(AppConfig):
    """Declare periodic tasks, health check, metrics, status, alerts, panel and permissions."""

    name = "ingest"
    verbose_name = gettext_lazy("Ingest")

    def ready(self) -> None:
        from config.core.permissions import analysts_may, operators_may  # noqa: PLC0415
        from config.monitoring import attention, dashboard, health, metrics, status  # noqa: PLC0415
        from config.monitoring.alerts import sources  # noqa: PLC0415
        from ingest.monitoring import attention as needs  # noqa: PLC0415
        from ingest.monitoring import dashboard as panels  # noqa: PLC0415
        from ingest.monitoring.alerts import conditions  # noqa: PLC0415
        from ingest.monitoring.metrics import collect  # noqa: PLC0415 - models must be loaded first
        from ingest.monitoring.status import check_backlog, state  # noqa: PLC0415

        every(1, "ingest.tasks.relay_waiting")
        every(1, "ingest.tasks.drop_old_entries")
        health.register("ingest", check_backlog)
        metrics.register(collect)
        status.register("ingest", state)
        sources.register("ingest", conditions)
        operators_may("ingest.publish_entries")
        analysts_may("ingest.view_dataentry", "ingest.view_kafkafailure")
        dashboard.register(gettext_lazy("Outbox to Kafka"), "ingest.view_dataentry", panels.outbox)
        attention.register("ingest.view_dataentry", needs.entries)
