"""What Django's admin had logged before is moved into the audit, without its texts."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.models import AuditEntry
from inflight.models import Customer, Delivery

pytestmark = pytest.mark.django_db


def move() -> None:
    """Do what the migration does."""
    loader = MigrationLoader(connection)
    migration = next(
        found for (app, name), found in loader.disk_migrations.items() if app == "config" and "_audit" in name
    )
    operation: Any = migration.operations[-1]
    operation.code(apps, None)


def logged(user: User, model: Any, key: str, flag: int, message: str) -> None:
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(model), object_id=key, object_repr="Zwölfaxing",
        action_flag=flag, change_message=message,
    )  # fmt: skip


def test_it_is_there_with_who_when_and_what_and_django_has_it_no_more() -> None:
    olga = User.objects.create_user("olga")
    logged(olga, Delivery, "12", CHANGE, "Retry now")
    logged(olga, Customer, "QX-1", CHANGE, "Export what is kept of this person")
    logged(olga, User, "1", ADDITION, '[{"added": {}}]')
    LogEntry.objects.create(user=olga, action_flag=CHANGE, object_repr="")
    times = list(LogEntry.objects.order_by("pk").values_list("action_time", flat=True))

    move()

    names = ("actor_type", "actor", "act", "object_type", "object_key")
    assert list(AuditEntry.objects.order_by("pk").values_list(*names)) == [
        ("user", "olga", "retry_now", "inflight.delivery", "12"),
        ("user", "olga", "export_what_is_kept_of_this_person", "inflight.customer", "QX-1"),
        ("user", "olga", "create_user", "auth.user", "1"),
        ("user", "olga", "update_row", "", ""),
    ]
    assert list(AuditEntry.objects.order_by("pk").values_list("at", flat=True)) == times
    assert "Zwölfaxing" not in str(list(AuditEntry.objects.values()))
    assert not LogEntry.objects.exists()
