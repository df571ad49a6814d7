"""The list of the audit: who sees it, that nobody changes it, and that it is read by indexes."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.admin.audit import NAMES
from config.models import AuditEntry
from tests.rows import make_rows

pytestmark = pytest.mark.django_db

LIST = "/admin/config/auditentry/"


def client_of(**values: Any) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ada", is_staff=True, **values))
    return client


def plan(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [step[3] for step in cursor.fetchall()]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite says what it does whatever the table's size")
@pytest.mark.parametrize(
    "query",
    [
        {"actor_type__exact": "client"},
        {"act": "act_3"},
        {"q": "actor-3"},
        {"q": "10.0.9.9"},
        {"q": "7"},
        {"q": f"{5:032x}"},
    ],
)
def test_what_it_is_filtered_by_and_searched_for_is_found_by_an_index(
    admin_client: Client, query: dict[str, str]
) -> None:
    make_rows(AuditEntry, 10)
    with CaptureQueriesContext(connection) as asked:
        found = admin_client.get(LIST, query).context["cl"].result_list
    assert found
    reads = [each["sql"] for each in asked.captured_queries if 'FROM "config_auditentry"' in each["sql"]]
    assert len(reads) == 2, "the count, which is bounded, and the page"
    for sql in reads:
        assert [step for step in plan(sql) if step.startswith("SCAN config_auditentry")] == []
        assert "q" in query or [step for step in plan(sql) if "TEMP B-TREE" in step] == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the same")
def test_the_names_of_acts_are_read_one_by_one(admin_client: Client) -> None:
    make_rows(AuditEntry, 60)
    answer = admin_client.get(LIST)
    assert "act 29" in answer.content.decode()
    assert [step for step in plan(NAMES) if step.startswith("SCAN config_auditentry")] == []


def test_an_entry_says_who_what_and_leads_to_the_row(admin_client: Client) -> None:
    make_rows(AuditEntry, 1)
    page = admin_client.get(LIST).content.decode()
    for part in ("actor-1", "act 1", '/admin/inflight/delivery/1/change/">delivery 1<', "10.0.1.1"):
        assert part in page
    assert f"{1:032x}" in admin_client.get(f"{LIST}{AuditEntry.objects.get().pk}/change/").content.decode()


@pytest.mark.parametrize("kind", ["compute.file", "config.gone", ""])
def test_what_is_no_row_of_the_admin_is_shown_without_a_link(admin_client: Client, kind: str) -> None:
    AuditEntry.objects.create(actor_type="user", act="x", object_type=kind, object_key="a/b.csv")
    assert "a/b.csv" in admin_client.get(LIST).content.decode()


@pytest.mark.parametrize("group", ["viewer", "operator"])
def test_neither_viewers_nor_operators_see_it(group: str) -> None:
    client = client_of()
    User.objects.get().groups.add(Group.objects.get(name=group))
    assert client.get(LIST).status_code == 403


def test_who_is_given_the_permission_sees_it_and_changes_nothing() -> None:
    make_rows(AuditEntry, 1)
    client = client_of()
    User.objects.get().user_permissions.add(*Permission.objects.filter(content_type__model="auditentry"))
    entry = AuditEntry.objects.get()
    assert client.get(LIST).status_code == client.get(f"{LIST}{entry.pk}/change/").status_code == 200
    for page in (f"{entry.pk}/change/", f"{entry.pk}/delete/", "add/"):
        assert client.post(f"{LIST}{page}", {"post": "yes", "act": "other"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    assert list(AuditEntry.objects.values_list("pk", "act")) == [(entry.pk, "act_1")]
