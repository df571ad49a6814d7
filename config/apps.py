"""The config app: worker heartbeats, schedules, health checks, system checks."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.admin import apps as admin_apps
from django.contrib.admin import autodiscover
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.db.models import F
from django.db.models.signals import post_migrate

from config.core.commands import SETTINGS


class ApronAdminConfig(admin_apps.SimpleAdminConfig):
    """Django's admin on our site. Only processes that serve or check its pages load them."""

    default = False
    default_site = "config.pages.admin_site.ApronAdminSite"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_admin, checks.Tags.admin)


def _check_admin(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    autodiscover()
    return check_admin_app(app_configs, **kwargs)


class ConfigConfig(AppConfig):
    """Register checks, metrics, panels, schedules and groups."""

    default = True
    name = "config"
    verbose_name = "Apron"

    def ready(self) -> None:
        from config.access import settings_checks as access  # noqa: PLC0415 - models must be loaded first
        from config.core import permissions, settings_checks  # noqa: PLC0415
        from config.http import settings_checks as outgoing  # noqa: PLC0415
        from config.monitoring import dashboard, health, metrics  # noqa: PLC0415
        from config.monitoring.alerts import overview, sources  # noqa: PLC0415
        from config.server import settings_checks as server  # noqa: PLC0415
        from config.worker import alerts as silent_workers  # noqa: PLC0415
        from config.worker import dashboard as panels  # noqa: PLC0415
        from config.worker import health as worker  # noqa: PLC0415
        from config.worker import schedules  # noqa: PLC0415

        checks.register(settings_checks.check_settings, SETTINGS)
        checks.register(settings_checks.check_deployment, deploy=True)
        checks.register(access.check_access, SETTINGS)
        checks.register(outgoing.check_outgoing, SETTINGS)
        checks.register(server.check_server, SETTINGS)
        checks.register(outgoing.check_outgoing_deployment, deploy=True)
        health.register("queue", worker.check_queue)
        health.register("worker", worker.check_worker)
        metrics.register(worker.collect)
        metrics.register(overview.collect)
        sources.register("worker", silent_workers.conditions)
        dashboard.register("Health", "config.view_workerheartbeat", panels.parts)
        dashboard.register("Workers and queue", "django_q.view_ormq", panels.queue)
        dashboard.register("Alerts", "config.view_alert", overview.panel)
        schedules.every(1, "config.worker.tasks.check_alerts")
        schedules.every(24 * 60, "config.worker.tasks.drop_old_alerts")
        schedules.every(60, "config.worker.tasks.drop_old_idempotency_keys")
        post_migrate.connect(_make_schedules, sender=self)
        post_migrate.connect(permissions.make_groups, sender=self)


def _make_schedules(apps: Apps = installed, **_: Any) -> None:
    """Make the declared schedules, change those whose declaration changed, drop those that are gone."""
    from django_q.models import Schedule  # noqa: PLC0415 - models must be loaded first

    from config.worker.schedules import periodics  # noqa: PLC0415

    if not apps.all_models["django_q"]:
        return  # `migrate SOME_APP` on a new database
    declared = periodics()
    for periodic in declared:
        Schedule.objects.update_or_create(
            name=periodic.task,
            defaults={"func": periodic.task, "schedule_type": Schedule.MINUTES, "minutes": periodic.minutes},
        )
    named = [periodic.task for periodic in declared]
    ours = Schedule.objects.filter(schedule_type=Schedule.MINUTES, name=F("func"))  # an operator's have another name
    ours.exclude(name__in=named).delete()
