"""`Idempotency-Key`: a request that comes again gets the first answer and makes nothing, whoever died in between."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from compute.models import Job
from config.api.idempotency import drop_old_keys, link_resource
from config.models import IdempotencyKey
from inflight.models import Delivery, ImportRun
from ingest.models import DataEntry
from metadata_registry.models import Metadata
from tests.config.processes import run_and_kill
from tests.fakes.partner import Partner

pytestmark = pytest.mark.django_db

REQUESTS: list[tuple[str, Any, Any]] = [
    ("/data", {"content": "a"}, DataEntry),
    ("/data", [{"content": "a"}], DataEntry),
    ("/metadata", {"name": "a", "payload": {"sourceName": "b"}}, Metadata),
    ("/products", {"name": "a"}, Product),
]


def post(api: APIClient, path: str, body: Any, key: str = "k", **headers: str) -> Any:
    return api.post(path, body, format="json", headers={"Idempotency-Key": key, **headers})


def content(response: Any) -> tuple[int, bytes, str | None]:
    return response.status_code, response.content, response.get("Location")


@pytest.mark.parametrize(("path", "body", "model"), REQUESTS)
def test_the_same_again_gets_the_first_answer_and_makes_nothing(
    api: APIClient, path: str, body: Any, model: Any
) -> None:
    first, again = post(api, path, body), post(api, f"/api{path}", body)
    assert (content(first), model.objects.count()) == (content(again), 1)
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")


@pytest.mark.parametrize(("path", "body", "model"), REQUESTS)
def test_another_key_makes_another(api: APIClient, path: str, body: Any, model: Any) -> None:
    assert content(post(api, path, body, "k")) != content(post(api, path, body, "l"))
    assert model.objects.count() == 2


def test_an_import_is_made_once(api: APIClient, settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_ROOTS = [tmp_path]
    (tmp_path / "c.csv").write_text("customer_id;title;lastname;firstname;postal_code;city;email\n1;;;;;;\n")
    (tmp_path / "p.csv").write_text("purchase_identifier;customer_id;product_id;quantity;price;currency;date\n")
    body = {"customers_file_path": str(tmp_path / "c.csv"), "purchased_file_path": str(tmp_path / "p.csv")}
    answers = [content(post(api, "/import-csv", body)) for _ in range(2)]
    assert (answers[0], answers[0][0], ImportRun.objects.count()) == (answers[1], 201, 1)


def test_customers_are_sent_once(api: APIClient, partner: Partner, settings: Any) -> None:
    settings.CUSTOMERS_API_URL = partner.customers_url
    answers = [content(post(api, "/send-customers", {})) for _ in range(2)]
    assert (answers[0], answers[0][0], Delivery.objects.count()) == (answers[1], 200, 1)


def test_a_job_is_made_once(api: APIClient, settings: Any, tmp_path: Path) -> None:
    settings.COMPUTE_ROOT = str(tmp_path)
    (tmp_path / "t.csv").write_text("a\n1\n")
    headers = {"Authorization": f"Bearer {settings.API_TOKEN}", "Prefer": "respond-async", "Cache-Control": "no-cache"}
    body = {"file_path": "t.csv", "columns": ["a"]}
    answers = [content(post(api, "/compute/stats", body, **headers)) for _ in range(2)]
    assert (answers[0], answers[0][0], Job.objects.count()) == (answers[1], 202, 1)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/data", {"content": "b"}), ("/products", {"name": "b"}), ("/metadata", {"name": "b", "payload": "{}"})],
)
def test_the_key_of_another_request_is_422(api: APIClient, path: str, body: Any) -> None:
    assert post(api, "/data", {"content": "a"}).status_code == 201
    assert post(api, path, body).status_code == 422
    assert (DataEntry.objects.count(), Product.objects.count(), Metadata.objects.count()) == (1, 0, 0)


def test_each_caller_has_keys_of_its_own(api: APIClient, settings: Any) -> None:
    answers = [
        content(post(api, "/data", {"content": "a"}, **headers))
        for headers in ({}, {"Authorization": f"Bearer {settings.API_TOKEN}"})
    ]
    assert answers[0] != answers[1]


@pytest.mark.parametrize("key", ["", "a b", "é", "a" * 256, "\t"])
def test_what_is_no_key_is_400(api: APIClient, key: str) -> None:
    response = post(api, "/data", {"content": "a"}, key)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "Idempotency-Key")
    assert DataEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "wrong", "right"), [("/data", {"content": 5}, {"content": "a"}), ("/products", {"name": 5}, {"name": "a"})]
)
def test_a_refused_request_does_not_use_up_its_key(api: APIClient, path: str, wrong: Any, right: Any) -> None:
    assert [post(api, path, body).status_code for body in (wrong, right)] == [400, 201]


def test_a_day_later_the_key_is_free_again(api: APIClient) -> None:
    post(api, "/products", {"name": "a"})
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert post(api, "/products", {"name": "b"}).status_code == 201
    assert (IdempotencyKey.objects.count(), Product.objects.count()) == (1, 2)


def test_old_keys_are_dropped(api: APIClient) -> None:
    post(api, "/products", {"name": "a"}, "old")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    post(api, "/products", {"name": "b"}, "new")
    assert (drop_old_keys(), IdempotencyKey.objects.get().key) == (1, "new")


def test_a_service_outside_a_request_ties_nothing() -> None:
    link_resource("1")
    assert IdempotencyKey.objects.count() == 0


def at_once(number: int, call: Callable[[], Any]) -> list[Any]:
    """Return what so many calls at the same time return."""
    results, start = [], threading.Barrier(number)

    def run() -> None:
        start.wait(20)
        try:
            results.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "body", "model"), REQUESTS)
def test_ten_at_once_make_one(path: str, body: Any, model: Any) -> None:
    answers = at_once(10, lambda: post(APIClient(), path, body))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() <= {200, 201, 409}
    assert len({answer.content for answer in answers if answer.status_code < 300}) == model.objects.count() == 1


def killed_at(place: str, path: str, body: Any) -> None:
    """Send a request in a process of its own that dies where it comes to `place`."""
    module, _, name = place.rpartition(".")
    code = f"""
import importlib, signal
from rest_framework.test import APIClient
target = importlib.import_module({module.partition(":")[0]!r})
for part in {module.partition(":")[2].split(".") if ":" in module else []!r}:
    target = getattr(target, part)
setattr(target, {name!r}, lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))
APIClient(SERVER_NAME="localhost").post({path!r}, {body!r}, format="json", headers={{"Idempotency-Key": "k"}})
"""
    run_and_kill(code, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "body", "model", "place", "made"),
    [
        ("/products", {"name": "a"}, Product, "catalog.services.products.wake", 0),
        ("/products", {"name": "a"}, Product, "catalog.api.viewsets:ProductViewSet.creation_response", 1),
        (
            "/metadata",
            {"name": "a", "payload": {"sourceName": "b"}},
            Metadata,
            "metadata_registry.services.link_resource",
            0,
        ),
        (
            "/metadata",
            {"name": "a", "payload": {"sourceName": "b"}},
            Metadata,
            "metadata_registry.api.viewsets:MetadataViewSet.creation_response",
            1,
        ),
        ("/data", {"content": "a"}, DataEntry, "ingest.services.link_resource", 0),
        ("/data", {"content": "a"}, DataEntry, "ingest.services._publish", 1),
        ("/data", [{"content": "a"}], DataEntry, "ingest.api.viewsets._accepted", 1),
    ],
)
def test_a_process_that_dies_at_any_line_makes_none_or_one(
    api: APIClient, path: str, body: Any, model: Any, place: str, made: int
) -> None:
    killed_at(place, path, body)
    assert model.objects.count() == made
    again, and_again = post(api, path, body), post(api, path, body)
    assert (again.status_code in (200, 201), content(again), model.objects.count()) == (True, content(and_again), 1)


def test_no_key_leaves_a_lock_behind(api: APIClient) -> None:
    post(api, "/products", {"name": "a"})
    name = Path(str(django_settings.DATABASES["default"]["NAME"]))
    assert list(name.parent.glob("*idempotency*")) == []
