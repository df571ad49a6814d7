"""The config app: worker heartbeats, schedules, health checks, system checks."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.conf import settings
from django.contrib.admin import apps as admin_apps
from django.contrib.admin import autodiscover
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.db import connection
from django.db.models import F
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy

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
    verbose_name = gettext_lazy("Apron")

    def ready(self) -> None:
        from config.core import permissions  # noqa: PLC0415 - models must be loaded first
        from config.core.model_names import translate_names  # noqa: PLC0415

        translate_names(installed.get_app_configs())
        _register_checks()
        _register_monitoring()
        _declare_schedules()
        _watch_acts()
        permissions.analysts_may("config.view_workerheartbeat", "config.view_alert")
        post_migrate.connect(_make_schedules, sender=self)
        post_migrate.connect(permissions.make_groups, sender=self)


def _register_checks() -> None:
    """System checks of settings, each from its room."""
    from config.access import people_checks as people  # noqa: PLC0415 - models must be loaded first
    from config.access import settings_checks as access  # noqa: PLC0415
    from config.core import settings_checks as core  # noqa: PLC0415
    from config.core.postgresql import settings_checks as postgresql  # noqa: PLC0415
    from config.core.telemetry import settings_checks as telemetry  # noqa: PLC0415
    from config.http import settings_checks as outgoing  # noqa: PLC0415
    from config.monitoring import settings_checks as monitoring  # noqa: PLC0415
    from config.server import settings_checks as server  # noqa: PLC0415

    for check in (
        core.check_settings, telemetry.check_telemetry, access.check_access, people.check_people,
        outgoing.check_outgoing, monitoring.check_metrics, server.check_server, postgresql.check_database,
    ):  # fmt: skip
        checks.register(check, SETTINGS)
    for check in (
        core.check_deployment, access.check_access_deployment, people.check_people_deployment,
        outgoing.check_outgoing_deployment,
    ):  # fmt: skip
        checks.register(check, deploy=True)


def _register_monitoring() -> None:
    """Health, metrics, alerts and panels."""
    from config.core import disk  # noqa: PLC0415 - models must be loaded first
    from config.monitoring import attention, blocks, dashboard, health, metrics  # noqa: PLC0415
    from config.monitoring import disk as disks  # noqa: PLC0415
    from config.monitoring.alerts import overview, sources  # noqa: PLC0415
    from config.worker import alerts as silent_workers  # noqa: PLC0415
    from config.worker import attention as platform  # noqa: PLC0415
    from config.worker import dashboard as panels  # noqa: PLC0415
    from config.worker import health as worker  # noqa: PLC0415

    disk.watch("DATABASE_URL", _folder_of_database)
    disk.watch("TMPDIR", tempfile.gettempdir)
    disk.watch("WEB_SPOOL", lambda: settings.WEB_SPOOL or None)
    health.register("queue", worker.check_queue)
    health.register("worker", worker.check_worker)
    health.register("disk", disks.check_disk, needs_database=False)
    metrics.register(disks.collect, needs_database=False)
    for collect in (worker.collect, overview.collect, blocks.collect):
        metrics.register(collect)
    sources.register("disk", disks.conditions)
    sources.register("worker", silent_workers.conditions)
    dashboard.register(gettext_lazy("Health"), "config.view_workerheartbeat", panels.parts)
    dashboard.register(gettext_lazy("Workers and queue"), "django_q.view_ormq", panels.queue)
    dashboard.register(gettext_lazy("Alerts"), "config.view_alert", overview.panel)
    attention.register("config.view_workerheartbeat", platform.parts)
    attention.register("config.view_alert", platform.alerts)
    attention.register("config.view_alertmessage", platform.messages)
    attention.register("django_q.view_failure", platform.tasks)


def _declare_schedules() -> None:
    """What the worker does for no app, and how often."""
    from config.worker.schedules import every  # noqa: PLC0415 - models must be loaded first

    every(1, "config.worker.tasks.check_alerts")
    every(24 * 60, "config.worker.tasks.drop_old_alerts")
    every(60, "config.worker.tasks.drop_old_idempotency_keys")
    every(60, "config.worker.tasks.drop_old_counts")
    every(60, "config.worker.tasks.drop_old_audit_entries")
    every(60, "config.worker.tasks.drop_expired_sessions")


def _watch_acts() -> None:
    """Have the audit keep what is changed of clients and users, and who logs in."""
    from django.contrib.auth.models import Group, User  # noqa: PLC0415 - models must be loaded first

    from config.access import audit  # noqa: PLC0415
    from config.models import ApiClient  # noqa: PLC0415

    audit.watch_logins()
    audit.watch(
        ApiClient, fields=["name", "scopes", "allowed_networks", "requests_per_minute", "expires_at", "revoked_at"]
    )
    audit.watch(Group, fields=["name"], relations=["permissions"])
    audit.watch(
        User,
        fields=["username", "is_active", "is_staff", "is_superuser"],
        hidden=["password", "first_name", "last_name", "email"],
        relations=["groups", "user_permissions"],
    )
    if settings.HAS_ALLAUTH:
        from allauth.mfa.models import Authenticator  # noqa: PLC0415
        from allauth.socialaccount.models import SocialAccount  # noqa: PLC0415

        audit.watch(Authenticator, fields=["type", "user"])
        audit.watch(SocialAccount, fields=["provider", "user"])  # what they are called there is personal


def _folder_of_database() -> Path | None:
    """SQLite's; of PostgreSQL its own server has to tell."""
    facts = connection.settings_dict
    return Path(facts["NAME"]).parent if connection.vendor == "sqlite" else None


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
