"""Compute: group_by, non_null and stats on files, run as jobs by worker processes."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy

from config.core import disk
from config.worker.commands import ensure_running
from config.worker.schedules import every


class ComputeConfig(AppConfig):
    """Declare the runner, and the tasks that recover jobs and drop old results."""

    name = "compute"
    verbose_name = gettext_lazy("Compute")

    def ready(self) -> None:
        from compute.monitoring import attention as needs  # noqa: PLC0415
        from compute.monitoring import dashboard as panels  # noqa: PLC0415
        from compute.monitoring.metrics import collect  # noqa: PLC0415 - models must be loaded first
        from compute.monitoring.status import state  # noqa: PLC0415
        from config.core.permissions import analysts_may, operators_may  # noqa: PLC0415
        from config.monitoring import attention, dashboard, metrics, status  # noqa: PLC0415

        disk.watch("COMPUTE_ROOT", lambda: None if _is_store() else settings.COMPUTE_ROOT)
        disk.watch("scratch", lambda: settings.VAR_DIR / "scratch" if _is_store() else None)
        metrics.register(collect)
        status.register("compute", state)
        ensure_running("run_jobs")
        every(1, "compute.tasks.recover_jobs")
        every(24 * 60, "compute.tasks.drop_old_results")
        operators_may("compute.add_job", "compute.cancel_jobs")
        analysts_may("compute.view_job", "compute.add_job", "compute.cancel_jobs")
        dashboard.register(gettext_lazy("Compute jobs"), "compute.view_job", panels.jobs)
        attention.register("compute.view_job", needs.jobs)


def _is_store() -> bool:
    return "://" in settings.COMPUTE_ROOT
