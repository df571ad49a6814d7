"""Lists of the admin: what their actions, exports and searches leave in the audit."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from config.models import AuditEntry
from inflight.models import ImportReject, ImportRun
from tests.audit.entries import acts, entries
from tests.audit.pages import (
    ADMIN,
    NOTHING,
    group,
    token,
    user,
)
from tests.factories import PurchaseFactory
from tests.factories_catalog import ProductFactory
from tests.factories_metadata_registry import MetadataFactory

admin.autodiscover()
pytestmark = pytest.mark.django_db


def actions() -> Iterator[tuple[str, str]]:
    """Yield every action of every list, with its model; but for those that only look."""
    for model, its in admin.site._registry.items():
        for name in sorted({*map(str, its.actions or ())} - {*NOTHING}):
            yield model._meta.label_lower, name


def rows_for(label: str, action: str) -> list[Any]:
    """Make two rows that the action can be run on."""
    page = ADMIN[f"{label.replace('.', '_')}_{action}"]
    rows = [page.row() for _ in range(1 if action in ONE else 2)]
    AuditEntry.objects.all().delete()
    return rows


LISTED_BY = {"restore": "?deleted=true"}
ONE = {"new_key", "read_body", "retry", "pause", "resume", "send_again"}  # of which there can be one at a time


@pytest.mark.parametrize(("label", "action"), list(actions()))
def test_an_action_of_a_list_leaves_a_record_for_each_row(label: str, action: str, client: Client) -> None:
    keys = rows_for(label, action)
    address = reverse(f"admin:{label.replace('.', '_')}_changelist") + LISTED_BY.get(action, "")
    answer: Any = client.post(address, {"action": action, "_selected_action": keys, "asked": "yes"})
    answer.getvalue()
    page = ADMIN[f"{label.replace('.', '_')}_{action}"]
    assert acts() == page.acts * len(keys)


def test_comparing_two_records_leaves_none(client: Client) -> None:
    keys = [MetadataFactory(name="a").pk for _ in range(2)]
    AuditEntry.objects.all().delete()
    address = reverse("admin:metadata_registry_metadata_changelist")
    answer = client.post(address, {"action": "compare", "_selected_action": keys}, follow=True)
    assert (answer.status_code, acts()) == (200, [])


@pytest.mark.parametrize(
    ("label", "make", "act"),
    [
        ("catalog.product", lambda: ProductFactory().pk, "delete_product"),
        ("metadata_registry.metadata", lambda: MetadataFactory().pk, "delete_metadata"),
        ("catalog.servicetoken", token, "delete_servicetoken"),
        ("auth.user", user, "delete_user"),
        ("auth.group", group, "delete_group"),
    ],
)
def test_a_deletion_from_a_list_leaves_a_record(label: str, make: Callable[[], Any], act: str, client: Client) -> None:
    key = make()
    AuditEntry.objects.all().delete()
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    client.post(address, {"action": "delete_selected", "_selected_action": [key], "post": "yes"})
    assert [(entry[4], entry[6]) for entry in entries()] == [(act, str(key))]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_every_list_taken_as_a_file_is_recorded(client: Client, suffix: str) -> None:
    for model in admin.site._registry:
        AuditEntry.objects.all().delete()
        answer: Any = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{suffix}"))
        answer.getvalue()
        assert [entry[4:6] for entry in entries()] == [(f"download_{suffix}", model._meta.label_lower)]


def test_who_looks_at_lists_of_passengers_is_recorded_and_at_others_not(client: Client) -> None:
    PurchaseFactory()
    ImportReject.objects.create(run=ImportRun.objects.create(), file="customers", line=1, reasons=[], raw="a", row={})
    for model in admin.site._registry:
        client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    listed = {entry[5] for entry in entries(act="list")}
    assert listed == {"inflight.customer", "inflight.purchase", "inflight.importreject"}
    assert AuditEntry.objects.count() == 3


def test_what_a_list_was_searched_for_is_not_recorded(client: Client) -> None:
    client.get("/admin/inflight/customer/", {"q": "Zwölfaxing", "needs_sending__exact": "1"})
    assert AuditEntry.objects.get().details == {"parameters": ["needs_sending__exact", "q"]}
