"""Schedules: declared in code, made by migrate; and every task path there is, resolved."""

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.utils.module_loading import import_string
from django_q.models import Schedule

from config.worker.queue import wake_at
from config.worker.schedules import periodics

pytestmark = pytest.mark.django_db


def kept() -> set[tuple[str, str, int]]:
    return set(Schedule.objects.values_list("name", "func", "minutes"))


def migrate() -> None:
    call_command("migrate", verbosity=0)


def task_paths() -> list[str]:
    """Return every text in the project that reads like the path of an app's task."""
    names = {app.name for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR}
    files = [file for name in names for file in (settings.BASE_DIR / name).rglob("*.py")]
    texts = {
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(text for text in texts if any(text.startswith(f"{name}.tasks.") for name in names))


def test_migrate_makes_what_the_apps_declare() -> None:
    Schedule.objects.all().delete()
    migrate()
    assert kept() == {(periodic.task, periodic.task, periodic.minutes) for periodic in periodics()}


def test_migrating_again_changes_nothing() -> None:
    migrate()
    before = list(Schedule.objects.order_by("id").values())
    migrate()
    assert list(Schedule.objects.order_by("id").values()) == before


def test_migrate_mends_a_schedule_whose_declaration_changed() -> None:
    periodic = periodics()[0]
    Schedule.objects.update_or_create(name=periodic.task, defaults={"minutes": 999, "func": "math.sqrt"})
    migrate()
    assert (periodic.task, periodic.task, periodic.minutes) in kept()


def test_migrate_drops_a_schedule_that_nobody_declares_any_more() -> None:
    Schedule.objects.create(name="old.tasks.gone", func="old.tasks.gone", schedule_type=Schedule.MINUTES, minutes=1)
    migrate()
    assert not Schedule.objects.filter(name="old.tasks.gone").exists()


def test_migrate_keeps_what_waits_for_its_time() -> None:
    wake_at("math.sqrt", datetime(2099, 1, 1, tzinfo=UTC))
    migrate()
    assert Schedule.objects.filter(func="math.sqrt", schedule_type=Schedule.ONCE).exists()


@pytest.mark.parametrize("path", [periodic.task for periodic in periodics()])
def test_every_declared_task_is_there(path: str) -> None:
    task: Any = import_string(path)
    assert callable(task)


def test_every_task_path_in_the_code_is_there() -> None:
    paths = task_paths()
    assert paths
    assert all(callable(import_string(path)) for path in paths)
