"""The newest record of a name, the names, what happened to a record, and checking without keeping."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet
from rest_framework.test import APIClient

from metadata_registry import selectors, services
from metadata_registry.models import Metadata, MetadataEvent
from tests.factories_metadata_registry import PAYLOAD, MetadataFactory
from tests.metadata_registry.calls import body_of, post

pytestmark = pytest.mark.django_db

LATEST, NAMES, VALIDATE = "/api/metadata/latest", "/api/metadata/names", "/api/metadata/validate"
UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"
TOKEN: dict[str, Any] = {"Authorization": "Bearer test-token"}


class TestLatest:
    def test_it_is_the_newest_live_record_of_the_name(self, api: APIClient) -> None:
        MetadataFactory(name="flights")
        newest = post(api, name="flights").json()
        gone = MetadataFactory(name="flights")
        MetadataFactory(name="flights 2")
        services.delete_metadata(str(gone.pk), by="test")

        response = api.get(LATEST, {"name": "flights"})

        assert (response.status_code, response.json()) == (200, newest)

    def test_etag_spares_the_body_until_there_is_a_newer_one(self, api: APIClient) -> None:
        MetadataFactory(name="a")
        etag = api.get(f"{LATEST}?name=a")["ETag"]
        seen = api.get(f"{LATEST}?name=a", headers={"If-None-Match": etag})
        assert (seen.status_code, seen.content, seen["ETag"]) == (304, b"", etag)
        MetadataFactory(name="a")
        assert api.get(f"{LATEST}?name=a", headers={"If-None-Match": etag}).status_code == 200

    def test_a_name_without_a_live_record_is_404_and_said(self, api: APIClient) -> None:
        MetadataFactory(name="Flights")
        services.delete_metadata(str(MetadataFactory(name="flights").pk), by="test")
        response = api.get(f"{LATEST}?name=flights")
        assert (response.status_code, "the name flights" in response.json()["detail"]) == (404, True)

    @pytest.mark.parametrize("query", ["", "?name=", "?name=%00", "?name=a&name=b", f"?name={'a' * 256}"])
    def test_a_name_is_needed(self, api: APIClient, query: str) -> None:
        response = api.get(f"{LATEST}{query}")
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "name")


class TestNames:
    def test_each_name_has_its_number_and_its_newest(self, api: APIClient) -> None:
        first, second = MetadataFactory(name="b"), MetadataFactory(name="a")
        newest = MetadataFactory(name="b")
        services.delete_metadata(str(MetadataFactory(name="b").pk), by="test")
        services.delete_metadata(str(MetadataFactory(name="c").pk), by="test")

        assert first.pk < newest.pk
        assert body_of(api.get(NAMES)) == [
            {"name": "a", "records": 1, "newest": str(second.pk)},
            {"name": "b", "records": 2, "newest": str(newest.pk)},
        ]

    def test_none_is_an_empty_list(self, api: APIClient) -> None:
        assert [body_of(api.get(path)) for path in (NAMES, f"{NAMES}?limit=5")] == [[], []]

    def test_pages_and_files_have_what_the_list_has(self, api: APIClient) -> None:
        Metadata.objects.bulk_create(Metadata(name=f"{n % 7} é", payload=PAYLOAD) for n in range(20))
        names, url = [], f"{NAMES}?limit=3"
        while url:
            page = api.get(url)
            names += page.json()
            url = page.headers.get("Link", "").partition("<")[2].partition(">")[0]
        assert len(names) == 7
        assert names == body_of(api.get(NAMES))
        rows = api.get(NAMES, headers={"Accept": "text/csv"}).getvalue().decode().splitlines()
        assert rows[:2] == ["name,records,newest", f"0 é,3,{names[0]['newest']}"]


class TestHistory:
    def test_it_says_what_happened_and_who_did_it(self, api: APIClient) -> None:
        pk = post(api).json()["id"]
        api.delete(f"/api/metadata/{pk}", headers=TOKEN)
        MetadataFactory()

        events = body_of(api.get(f"/api/metadata/{pk}/history"))

        assert [(event["action"], event["by"]) for event in events] == [("created", ""), ("deleted", "api-token")]
        assert [set(event) for event in events] == [{"id", "action", "by", "at"}] * 2
        page = api.get(f"/api/metadata/{pk}/history?limit=1")
        assert page.json() == events[:1]
        assert api.get(page["Link"].partition("<")[2].partition(">")[0]).json() == events[1:]

    @pytest.mark.parametrize("metadata_id", [UNKNOWN_ID, "latest", "42"])
    def test_of_what_never_was_it_is_404(self, api: APIClient, metadata_id: str) -> None:
        response = api.get(f"/api/metadata/{metadata_id}/history")
        assert (response.status_code, metadata_id in response.json()["detail"]) == (404, True)


class TestValidate:
    def test_what_could_be_registered_is_valid_and_not_kept(self, api: APIClient) -> None:
        answer = api.post(VALIDATE, {"name": "a", "payload": {"sourceName": "x"}}, format="json")
        assert (answer.status_code, answer.json()) == (200, {"valid": True})
        assert not Metadata.objects.exists()
        assert not MetadataEvent.objects.exists()

    @pytest.mark.parametrize(
        "body",
        [
            {"name": "a", "payload": {"sourceName": 1, "jobCluster": {"min_workers": -1}}},
            {"name": "a", "payload": "{"},
            {"name": "", "payload": PAYLOAD},
            {"name": "a" * 256, "payload": PAYLOAD},
            {"payload": PAYLOAD},
            {"name": "a"},
            {"name": "a", "payload": PAYLOAD, "extra": 1},
            [],
        ],
    )
    def test_what_could_not_be_is_refused_as_registering_it_would_be(self, api: APIClient, body: Any) -> None:
        checked, created = (api.post(path, body, format="json") for path in (VALIDATE, "/api/metadata"))
        assert checked.status_code == created.status_code == 400
        assert [answer.json()["errors"] for answer in (checked, created)] == [created.json()["errors"]] * 2

    def test_one_who_may_only_read_may_check(self, api: APIClient, settings: Any) -> None:
        settings.REQUIRE_TOKEN = True
        assert api.post(VALIDATE, {}, format="json").status_code == 401
        assert api.post(VALIDATE, {}, format="json", headers=TOKEN).status_code == 400


def queries() -> list[tuple[QuerySet[Any, Any], str]]:
    """Return what the lists ask the database, each with the index that has to serve it."""
    record = Metadata.objects.order_by("id")[500]
    return [
        (selectors.newest_first("9")[:1], "metadata_live_by_name"),
        (selectors.newest_first("9").filter(pk__lt=record.pk)[:1], "metadata_live_by_name"),
        (selectors.name_rows().order_by("name")[:101], "metadata_live_by_"),  # two are in this order
        (selectors.name_rows().filter(name__gt="5").order_by("name")[:101], "metadata_live_by_"),
        (selectors.history_rows(str(record.pk)).order_by("id")[:101], "metadata_history"),
    ]


def test_each_list_is_read_in_order_by_an_index() -> None:
    Metadata.objects.bulk_create(Metadata(id=UUID(int=n), name=str(n // 2), payload="{}" * 50) for n in range(5000))
    MetadataEvent.objects.bulk_create(
        MetadataEvent(metadata_id=UUID(int=n // 2), action="created") for n in range(10_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a few thousand rows might be scanned
    plans = [(query.explain(), index) for query, index in queries()]
    assert [plan for plan, index in plans if index not in plan] == []
    assert [plan for plan, _ in plans if "Sort" in plan or "TEMP B-TREE" in plan or "Seq Scan" in plan] == []
