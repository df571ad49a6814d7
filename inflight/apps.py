"""Inflight: imports an aircraft's sales from CSV and sends them to the partner API."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy

from config.core import disk
from config.worker.schedules import every


class InflightConfig(AppConfig):
    """Declare periodic tasks, metrics, status, alerts, panels and permissions."""

    name = "inflight"
    verbose_name = gettext_lazy("In-flight sales")

    def ready(self) -> None:
        from config.core.permissions import operators_may  # noqa: PLC0415
        from config.monitoring import attention, dashboard, metrics, status  # noqa: PLC0415
        from config.monitoring.alerts import sources  # noqa: PLC0415
        from config.worker.folders import wake_on_arrival  # noqa: PLC0415
        from inflight.monitoring import attention as needs  # noqa: PLC0415
        from inflight.monitoring import dashboard as panels  # noqa: PLC0415
        from inflight.monitoring.alerts import conditions  # noqa: PLC0415
        from inflight.monitoring.metrics import collect  # noqa: PLC0415 - models must be loaded first
        from inflight.monitoring.status import state  # noqa: PLC0415

        disk.watch("IMPORT_UPLOADS", lambda: settings.IMPORT_UPLOADS)
        disk.watch("IMPORT_INBOX", _local_inbox)
        metrics.register(collect)
        status.register("inflight", state)
        sources.register("inflight", conditions)
        every(1, "inflight.tasks.run_queued_imports")
        every(1, "inflight.tasks.pick_up")
        every(1, "inflight.tasks.deliver_due")
        every(60, "inflight.tasks.drop_old_uploads")
        every(24 * 60, "inflight.tasks.drop_old_payloads")
        every(24 * 60, "inflight.tasks.drop_old_attempts")
        every(24 * 60, "inflight.tasks.erase_expired_customers")
        every(24 * 60, "inflight.tasks.drop_old_rejects")
        if inbox := _local_inbox():
            wake_on_arrival(inbox, "inflight.tasks.pick_up")
        operators_may("inflight.import_files", "inflight.send_deliveries")
        operators_may("inflight.export_customer", "inflight.erase_customer")
        dashboard.register(gettext_lazy("Deliveries"), "inflight.view_delivery", panels.deliveries)
        dashboard.register(gettext_lazy("Last imports"), "inflight.view_importrun", panels.imports)
        attention.register("inflight.view_delivery", needs.deliveries)
        attention.register("inflight.view_importrun", needs.imports)
        attention.register("inflight.view_pickup", needs.pickups)


def _local_inbox() -> str | None:
    return settings.IMPORT_INBOX if settings.IMPORT_INBOX and "://" not in settings.IMPORT_INBOX else None
