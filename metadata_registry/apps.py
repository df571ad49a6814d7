"""Metadata registry: metadata that tells the data platform what to run."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from config.worker.schedules import every


class MetadataRegistryConfig(AppConfig):
    """Declare the daily clean-up, status, panel and permissions."""

    name = "metadata_registry"
    verbose_name = gettext_lazy("Metadata registry")

    def ready(self) -> None:
        from config.core.permissions import analysts_may, operators_may  # noqa: PLC0415
        from config.monitoring import dashboard, status  # noqa: PLC0415
        from metadata_registry.monitoring import dashboard as panels  # noqa: PLC0415
        from metadata_registry.monitoring.status import state  # noqa: PLC0415

        status.register("metadata_registry", state)
        every(24 * 60, "metadata_registry.tasks.drop_old_tombstones")
        operators_may(
            "metadata_registry.add_metadata", "metadata_registry.delete_metadata", "metadata_registry.restore_metadata"
        )
        analysts_may("metadata_registry.view_metadata", "metadata_registry.view_metadataevent")
        dashboard.register(gettext_lazy("Metadata registry"), "metadata_registry.view_metadata", panels.records)
