"""Compute: group_by, non_null and stats over files, as jobs that a runner's children carry out."""

from django.apps import AppConfig

from config.common.processes import ensure_running
from config.common.roles import operators_may
from config.common.schedules import every


class ComputeConfig(AppConfig):
    """Declares the runner, and what looks after old results and the jobs of runners that fell silent."""

    name = "compute"
    verbose_name = "Compute"

    def ready(self) -> None:
        from compute import dashboard as panels  # noqa: PLC0415
        from compute.metrics import collect  # noqa: PLC0415 - models must be loaded first
        from compute.status import state  # noqa: PLC0415
        from config.common import dashboard, metrics, status  # noqa: PLC0415

        metrics.register(collect)
        status.register("compute", state)
        ensure_running("run_jobs")
        every(1, "compute.tasks.recover_jobs")
        every(24 * 60, "compute.tasks.drop_old_results")
        operators_may("compute.add_job", "compute.cancel_jobs")
        dashboard.register("Compute jobs", "compute.view_job", panels.jobs)
