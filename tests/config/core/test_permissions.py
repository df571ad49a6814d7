"""The groups that `migrate` makes: what a viewer, an operator and an analyst may do."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db.migrations.state import StateApps

from config.core.permissions import analyst_permissions, make_groups, operator_permissions

pytestmark = pytest.mark.django_db


def permissions_of(group: str) -> set[str]:
    found = Permission.objects.filter(group__name=group).values_list("content_type__app_label", "codename")
    return {f"{app_label}.{codename}" for app_label, codename in found}


def test_a_viewer_looks_at_all_but_who_may_come_in_and_the_audit_and_does_nothing() -> None:
    found = permissions_of("viewer")
    assert {"inflight.view_delivery", "catalog.view_product", "compute.view_job", "django_q.view_schedule"} <= found
    assert [name for name in found if ".view_" not in name] == []
    assert [
        name for name in found if name.startswith(("auth.", "sessions.", "mfa.", "account.", "socialaccount."))
    ] == []
    assert not found & {"config.view_apiclient", "config.view_apikey", "config.view_auditentry"}


def test_an_operator_does_besides_what_the_apps_declare() -> None:
    assert permissions_of("operator") == permissions_of("viewer") | set(operator_permissions())
    assert {"inflight.import_files", "compute.cancel_jobs"} <= permissions_of("operator")


def test_each_declared_permission_exists() -> None:
    assert [name for name in operator_permissions() if name not in permissions_of("operator")] == []
    assert permissions_of("analyst") == set(analyst_permissions())


def test_an_analyst_works_with_the_data_platform_and_sees_no_passenger() -> None:
    found = permissions_of("analyst")
    assert {
        "compute.add_job",
        "catalog.view_product",
        "metadata_registry.view_metadata",
        "ingest.view_dataentry",
    } <= found
    assert [
        name for name in found if name.startswith(("inflight.", "django_q.", "auth.", "mfa.", "socialaccount."))
    ] == []


def test_migrating_again_gives_the_groups_what_the_code_says_and_touches_no_other() -> None:
    viewer, own = Group.objects.get(name="viewer"), Group.objects.create(name="own")
    every = Permission.objects.all()
    viewer.permissions.set(every)
    own.permissions.set(every)
    user = User.objects.create_user("vera")
    user.groups.add(viewer)

    make_groups()

    assert permissions_of("viewer") < permissions_of("own")
    assert len(permissions_of("own")) == every.count()
    assert user.groups.get() == viewer


def test_nothing_is_made_while_the_tables_are_not_there() -> None:
    Group.objects.all().delete()
    make_groups(apps=StateApps([], {}))
    assert not Group.objects.exists()
