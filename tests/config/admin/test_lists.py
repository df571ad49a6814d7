"""Every list of the admin: a bounded number of queries, each of them bounded, on pages that a strict policy lets work."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import Failure, OrmQ, Schedule

from config.core.admin_columns import MOST_COUNTED
from config.core.permissions import ROLES
from config.models import WorkerHeartbeat
from inflight.models import Customer
from ingest.models import KafkaFailure
from tests.rows import ROWS, make_rows

pytestmark = pytest.mark.django_db

TWO_PAGES = 60
MOST_QUERIES = 9
STAYS_SMALL = {KafkaFailure, WorkerHeartbeat, Schedule, OrmQ, Failure, User, Group}
admin.autodiscover()
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
APPS = ("inflight", "catalog", "metadata_registry", "ingest", "compute", "config")
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)

each_list = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)


def address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def reads_of(model: type[Model], queries: list[dict[str, str]]) -> list[str]:
    """Return the statements that read the model's table."""
    return [query["sql"] for query in queries if f'FROM "{model._meta.db_table}"' in query["sql"]]


def sorts(sql: str) -> bool:
    """Return whether SQLite would sort rows for a query, instead of reading them in order by an index."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return any("TEMP B-TREE FOR ORDER BY" in step[3] for step in cursor.fetchall())


def test_every_model_of_ours_has_a_list() -> None:
    assert {model for app in APPS for model in apps.get_app_config(app).get_models()} <= set(MODELS)
    assert set(MODELS) == set(ROWS)


@each_list
def test_a_list_asks_a_few_questions_however_many_rows_there_are(admin_client: Client, model: type[Model]) -> None:
    make_rows(model, TWO_PAGES)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = admin_client.get(address(model))

    assert len(answer.context["cl"].result_list) == 50
    assert len(asked) <= MOST_QUERIES
    reads = reads_of(model, asked.captured_queries)
    assert reads
    assert [sql for sql in reads if "LIMIT" not in sql and model is not User] == []  # the login is read by its key
    if connection.vendor == "sqlite" and model not in STAYS_SMALL:
        assert [sql for sql in reads if sorts(sql)] == []
    assert INLINE.findall(answer.content.decode()) == []


@each_list
def test_a_search_asks_a_few_questions_and_counts_up_to_a_bound(admin_client: Client, model: type[Model]) -> None:
    make_rows(model, 1)
    with CaptureQueriesContext(connection) as asked:
        answer = admin_client.get(address(model), {"q": "1"})

    assert answer.context["cl"].search_fields
    assert len(asked) <= MOST_QUERIES
    counts = [query["sql"] for query in asked.captured_queries if "COUNT(" in query["sql"]]
    assert [sql for sql in counts if "LIMIT" not in sql] == []


def test_a_hundred_thousand_customers_are_counted_up_to_a_bound(admin_client: Client) -> None:
    numbers = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 100000)"
    others = ["last_name", "first_name", "postal_code", "city", "email", "title"]
    blank = ", ".join(["''"] * len(others))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO inflight_customer (customer_id, {', '.join(others)}, needs_sending) "
            f"{numbers} SELECT CAST(100000 + n AS varchar(64)), {blank}, TRUE FROM t"
        )
    with CaptureQueriesContext(connection) as asked:
        page: Any = admin_client.get(address(Customer), {"p": 200}).context["cl"]

    assert (page.result_count, len(page.result_list)) == (MOST_COUNTED + 1, 50)
    assert len(asked) <= MOST_QUERIES


def test_an_action_is_not_run_over_a_whole_list(admin_client: Client) -> None:
    everything = {"action": "delete_selected", "select_across": "1", "_selected_action": ["1"]}
    answer = admin_client.post(address(Group), everything, follow=True)
    assert "Select rows on this page" in answer.content.decode()
    assert Group.objects.count() == len(ROLES)
