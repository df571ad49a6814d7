"""Nonsense in the admin: whatever a query string, a form or an address says, the answer is no 500."""

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import CharField, Model
from django.test import Client
from django.urls import reverse

admin.autodiscover()
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
LONG = "9" * 300
NONSENSE = ["x", "\0", "1e999999", LONG, "9999-12-31T23:59:59-14:00"]

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def statuses(client: Client, method: str, address: str, values: list[dict[str, Any]]) -> dict[str, int]:
    """Return the values that are answered with a 500."""
    client.raise_request_exception = False
    found = {}
    for data in values:
        answer = getattr(client, method)(address, data)
        answer.close()
        found[str(data)] = answer.status_code
    return {data: status for data, status in found.items() if status >= 500}


@pytest.mark.django_db
@each_model
def test_a_chosen_row_without_a_valid_key_is_a_400(admin_client: Client, model: type[Model]) -> None:
    keys = ["", "\0", LONG] if isinstance(model._meta.pk, CharField) else ["", "x", "\0", LONG]
    answers = [admin_client.post(page(model, "changelist"), {"action": "a", "_selected_action": [k]}) for k in keys]
    assert [answer.status_code for answer in answers] == [400] * len(keys)
    assert "has no valid key" in answers[0].json()["detail"]


@pytest.mark.django_db(transaction=True)  # the database's refusal would end the test's own
@each_model
def test_a_value_that_no_filter_can_have_is_no_500(admin_client: Client, model: type[Model]) -> None:
    filters = [each if isinstance(each, str) else "" for each in admin.site._registry[model].list_filter]
    names = ["q", "o", "p", "_to_field", "nothing", "pk__a__exact", "pk__gte"] + [
        f"{name}__exact" for name in filters if name
    ]
    queries = [{name: value} for name in names for value in NONSENSE]
    assert statuses(admin_client, "get", page(model, "changelist"), queries) == {}
