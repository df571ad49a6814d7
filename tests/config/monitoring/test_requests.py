"""Requests by route, method and status: what is counted, and what makes no new label."""

import uuid
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests.metrics import label_values, scrape, value

pytestmark = pytest.mark.django_db
SECONDS = "apron_http_request_duration_seconds"
TOTAL = f"{SECONDS}_count"


def growth(name: str, calls: Any, **labels: str) -> float:
    before = value(scrape(), name, **labels)
    calls()
    return value(scrape(), name, **labels) - before


def test_a_route_is_the_pattern_and_both_spellings_of_the_path_are_one(api: APIClient) -> None:
    def ask() -> None:
        for path in ("/api/data/123", "/data/456", "/api/data/789"):
            assert api.get(path).status_code == 404

    assert growth(TOTAL, ask, route="/api/data/<int:pk>", method="GET", status="404") == 3


def test_a_page_has_its_own_route() -> None:
    assert growth(TOTAL, lambda: Client().get("/login"), route="/login", method="GET", status="200") == 1
    assert growth(TOTAL, lambda: Client().get("/"), route="/", method="GET", status="200") == 1


def test_the_post_that_skips_django_rest_framework_is_counted_with_its_refusals(api: APIClient) -> None:
    def post() -> None:
        api.post("/api/data", "no JSON", content_type="application/json")

    assert growth(TOTAL, post, route="/api/data", method="POST", status="400") == 1


def test_an_error_of_ours_is_counted_as_500(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("config.monitoring.health.report", fail)
    client = Client(raise_request_exception=False)
    assert growth(TOTAL, lambda: client.get("/api/health"), route="/api/health", method="GET", status="500") == 1


def test_what_a_middleware_answers_has_no_route() -> None:
    client = Client(headers={"host": "somebody.example"})
    assert growth(TOTAL, lambda: client.get("/api/livez"), route="none", method="GET", status="400") == 1


def test_unknown_paths_and_methods_make_no_new_label_values(api: APIClient) -> None:
    api.get("/nowhere")
    api.generic("BREW", "/api/livez")
    scrape()  # itself a request, which the next one shows
    before = scrape()
    for _ in range(50):
        name = uuid.uuid4().hex
        for path in (f"/{name}", f"/api/{name}", f"/api/data/{name}"):
            assert api.get(path).status_code == 404
        api.generic(f"X{name[:8].upper()}", "/api/livez")
    after = scrape()
    for label in ("route", "method", "status"):
        assert label_values(after, TOTAL, label) == label_values(before, TOTAL, label)
    assert "other" in label_values(after, TOTAL, "method")
    missed = value(after, TOTAL, route="none", method="GET", status="404")
    assert missed - value(before, TOTAL, route="none", method="GET", status="404") == 150


def test_the_buckets_of_the_histogram_add_up_to_the_requests(api: APIClient) -> None:
    where = {"route": "/api/livez", "method": "GET", "status": "200"}
    before = value(scrape(), TOTAL, **where)
    for _ in range(20):
        api.get("/api/livez")
    samples = scrape()
    buckets = sorted(
        (float(dict(labels)["le"]), number)
        for (name, labels), number in samples.items()
        if name == f"{SECONDS}_bucket" and where.items() <= dict(labels).items()
    )
    counts = [number for _, number in buckets]
    assert counts == sorted(counts)
    assert buckets[-1] == (float("inf"), before + 20)
    assert value(samples, TOTAL, **where) == before + 20
    assert 0 < value(samples, f"{SECONDS}_sum", **where) < 60
