"""Nonsense in the admin: whatever a query string, a form or an address says, the answer is no 500."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, User
from django.db.models import CharField, Model
from django.test import Client
from django.urls import reverse

from catalog.models import Product
from compute.models import Job
from inflight.models import Customer, ImportRun, Purchase
from tests.factories_catalog import ProductFactory
from tests.rows import make_rows

admin.autodiscover()
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
NUL = "\0"
LONG = "9" * 300
BEFORE_TIME = "0001-01-01T00:00:00+14:00"
NONSENSE = ["", "x", NUL, LONG, "-1", "NaN", "1e999999", BEFORE_TIME, "%", "["]
AUTOCOMPLETE = {"app_label": "auth", "model_name": "user", "field_name": "groups", "term": "x"}

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.mark.django_db
@each_model
def test_a_chosen_row_without_a_valid_key_is_a_400(admin_client: Client, model: type[Model]) -> None:
    keys = ["", NUL, LONG] + ([] if isinstance(model._meta.pk, CharField) else ["x"])
    actions = [{"action": "delete_selected", "_selected_action": [key]} for key in keys]
    answers = [admin_client.post(page(model, "changelist"), action) for action in actions]
    assert [answer.status_code for answer in answers] == [400] * len(keys)
    assert "has no valid key" in answers[0].json()["detail"]


@pytest.mark.django_db
@each_model
@pytest.mark.parametrize("name", ["changelist", "csv", "xlsx"])
def test_a_list_refuses_what_it_does_not_have(admin_client: Client, model: type[Model], name: str) -> None:
    key: Any = model._meta.pk
    queries = [{f"{key.name}__regex": "("}, {f"{key.name}__in": LONG}, {"q": NUL}, {"q": "a " * 101}, {"nothing": "x"}]
    answers = [admin_client.get(page(model, name), query) for query in queries]
    assert [answer.status_code for answer in answers] == [400] * len(queries)


@pytest.mark.django_db
@each_model
def test_a_list_takes_what_its_own_filters_ask(admin_client: Client, model: type[Model]) -> None:
    make_rows(model, 2)
    shown = admin_client.get(page(model, "changelist")).context["cl"]
    links = [choice["query_string"] for found in shown.filter_specs for choice in found.choices(shown)]
    assert {admin_client.get(page(model, "changelist") + link).status_code for link in links} <= {200}


@pytest.mark.django_db(transaction=True)  # what PostgreSQL refuses would spoil a transaction around the test
@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (Product, "id__exact", "x"),
        (Purchase, "purchased_on__gte", "2026-13-45"),
        (Job, "p", LONG),
        (User, "groups__id__exact", "x"),
    ],
)
def test_a_value_that_a_filter_cannot_have_is_a_400(
    admin_client: Client, model: type[Model], name: str, value: str
) -> None:
    make_rows(model, 60)
    answer = admin_client.get(page(model, "changelist"), {name: value})
    assert (answer.status_code, "a filter in the address has an invalid value" in answer.content.decode()) == (
        400,
        True,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("value", NONSENSE)
def test_no_value_of_a_parameter_is_a_500(admin_client: Client, value: str) -> None:
    names = ("customer", "customer__exact", "price__gte", "quantity__isnull", "currency", "q", "o", "p", "e", "_popup")
    asked = [(page(Purchase, "changelist"), {name: value}) for name in names]
    asked += [(page(ImportRun, "changelist"), {f"created_at__{lookup}": value}) for lookup in ("gte", "lt", "isnull")]
    asked += [("/admin/autocomplete/", AUTOCOMPLETE | {name: value}) for name in AUTOCOMPLETE]
    product = ProductFactory().pk
    for name in ("change", "delete", "history"):
        asked += [(page(Product, name, product), {"_to_field": value}), (page(Customer, name, quote(value) or "_"), {})]
    assert [asked_for for asked_for in asked if admin_client.get(*asked_for).status_code >= 500] == []


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x", "-1", LONG])
@pytest.mark.parametrize("field", ["groups", "user_permissions"])
def test_a_group_or_permission_that_there_is_not_is_a_fault_of_the_form(
    admin_client: Client, admin_user: User, field: str, key: str
) -> None:
    answer = admin_client.post(page(User, "change", admin_user.pk), {"username": "ana", field: [key]})
    assert (answer.status_code, field in answer.context["adminform"].form.errors) == (200, True)


@pytest.mark.django_db
def test_a_group_is_not_made_with_a_permission_that_no_database_has_a_number_for(admin_client: Client) -> None:
    answer = admin_client.post(page(Group, "add"), {"name": "new", "permissions": [LONG]})
    assert "permissions" in answer.context["adminform"].form.errors
