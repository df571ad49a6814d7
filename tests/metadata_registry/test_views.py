"""Reading, deleting and restoring as clients see it: every documented answer, every refusal."""

from typing import Any

import pytest
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from metadata_registry.models import Metadata, MetadataEvent
from tests.factories_metadata_registry import PAYLOAD, MetadataFactory
from tests.metadata_registry.calls import body_of, post

pytestmark = pytest.mark.django_db

TOKEN: dict[str, Any] = {"HTTP_AUTHORIZATION": "Bearer test-token"}
UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"
MALFORMED_IDS = ("42", "not-a-uuid", "00000000-0000-0000-0000-00000000000g")


class TestGetOne:
    def test_answers_the_record(self, api: APIClient) -> None:
        created = post(api).json()
        response = api.get(f"/api/metadata/{created['id']}")
        assert (response.status_code, response["Content-Type"]) == (200, "application/json")
        assert response.json() == created

    def test_id_may_be_written_in_capitals(self, api: APIClient) -> None:
        metadata = MetadataFactory()
        assert api.get(f"/api/metadata/{str(metadata.pk).upper()}").status_code == 200

    def test_etag_spares_the_body(self, api: APIClient) -> None:
        path = f"/api/metadata/{MetadataFactory().pk}"
        etag = api.get(path)["ETag"]
        for seen in (etag, f'"other", W/{etag}', "*"):
            response = api.get(path, HTTP_IF_NONE_MATCH=seen)
            assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
        assert api.get(path, HTTP_IF_NONE_MATCH='"other"').status_code == 200

    @pytest.mark.parametrize("method", ["get", "delete"])
    @pytest.mark.parametrize("metadata_id", [UNKNOWN_ID, *MALFORMED_IDS])
    def test_unknown_or_malformed_id_is_404(self, api: APIClient, method: str, metadata_id: str) -> None:
        response = getattr(api, method)(f"/api/metadata/{metadata_id}")
        assert response.status_code == 404
        assert metadata_id in response.json()["detail"]

    def test_patch_is_405(self, api: APIClient) -> None:
        assert api.patch(f"/api/metadata/{MetadataFactory().pk}", {}, format="json").status_code == 405


class TestList:
    def test_none_is_404(self, api: APIClient) -> None:
        response = api.get("/api/metadata")
        assert response.status_code == 404
        assert response.json()["title"] == "Not Found"

    def test_page_of_none_is_404(self, api: APIClient) -> None:
        assert api.get("/api/metadata?limit=5").status_code == 404

    def test_all_come_in_the_order_of_registration(self, api: APIClient) -> None:
        names = [MetadataFactory().name for _ in range(3)]
        assert [record["name"] for record in body_of(api.get("/api/metadata"))] == names

    def test_more_than_a_chunk_are_all_there(self, api: APIClient) -> None:
        Metadata.objects.bulk_create(Metadata(name=str(number), payload=PAYLOAD) for number in range(1201))
        response = api.get("/api/metadata")
        assert response.streaming
        assert {record["name"] for record in body_of(response)} == {str(number) for number in range(1201)}

    def test_streamed_and_single_records_look_the_same(self, api: APIClient) -> None:
        created = post(api).json()
        assert body_of(api.get("/api/metadata")) == [created]

    def test_pages_join_to_the_whole_list(self, api: APIClient) -> None:
        Metadata.objects.bulk_create(Metadata(name=str(number), payload=PAYLOAD) for number in range(25))
        names, url = [], "/api/metadata?limit=10"
        while url:
            page = api.get(url)
            names += [record["name"] for record in page.json()]
            link = page.headers.get("Link", "")
            url = link.partition("<")[2].partition(">")[0]
        assert names == [record["name"] for record in body_of(api.get("/api/metadata"))]
        assert len(names) == 25

    def test_name_filters(self, api: APIClient) -> None:
        MetadataFactory(name="a")
        wanted = MetadataFactory(name="b é")
        response = api.get("/api/metadata", {"name": "b é"})
        assert [record["id"] for record in body_of(response)] == [str(wanted.pk)]
        assert api.get("/api/metadata", {"name": "c"}).status_code == 404

    @pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=cD14", "name=%00", "deleted=1"])
    def test_unusable_query_is_400_naming_it(self, api: APIClient, query: str) -> None:
        response = api.get(f"/api/metadata?{query}")
        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == [query.partition("=")[0]]


class TestDeleteAndRestore:
    def test_delete_answers_1_once(self, api: APIClient) -> None:
        path = f"/api/metadata/{MetadataFactory().pk}"
        response = api.delete(path)
        assert (response.status_code, response.json()) == (200, {"deleted": 1})
        assert [api.delete(path).status_code, api.get(path).status_code] == [404, 404]
        assert api.get("/api/metadata").status_code == 404

    def test_token_holder_lists_the_deleted(self, api: APIClient) -> None:
        MetadataFactory()
        gone = MetadataFactory()
        api.delete(f"/api/metadata/{gone.pk}")
        for query in ("deleted=true", "deleted=true&limit=10"):
            (record,) = body_of(api.get(f"/api/metadata?{query}", **TOKEN))
            assert record["id"] == str(gone.pk)
            assert parse_datetime(record["deleted_at"])

    @pytest.mark.parametrize(
        "headers", [{}, {"HTTP_AUTHORIZATION": "Bearer wrong"}, {"HTTP_AUTHORIZATION": "Basic eDp5"}]
    )
    def test_others_may_not_list_the_deleted(self, api: APIClient, headers: dict[str, Any]) -> None:
        response = api.get("/api/metadata?deleted=true", **headers)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"

    def test_restore_brings_the_same_record_back(self, api: APIClient) -> None:
        created = post(api).json()
        path = f"/api/metadata/{created['id']}"
        api.delete(path)
        response = api.post(f"{path}/restore")
        assert (response.status_code, response.json()) == (200, created)
        assert api.get(path).json() == created

    def test_restoring_a_live_record_changes_nothing(self, api: APIClient) -> None:
        metadata = MetadataFactory()
        assert api.post(f"/api/metadata/{metadata.pk}/restore").status_code == 200
        assert [event.action for event in metadata.events.all()] == ["created"]

    @pytest.mark.parametrize("metadata_id", [UNKNOWN_ID, *MALFORMED_IDS])
    def test_restoring_what_never_was_is_404(self, api: APIClient, metadata_id: str) -> None:
        assert api.post(f"/api/metadata/{metadata_id}/restore").status_code == 404

    def test_history_says_who_did_what(self, api: APIClient) -> None:
        metadata_id = post(api).json()["id"]
        api.delete(f"/api/metadata/{metadata_id}", **TOKEN)
        api.post(f"/api/metadata/{metadata_id}/restore")
        events = MetadataEvent.objects.filter(metadata=metadata_id).order_by("id")
        assert [(event.action, event.by) for event in events] == [
            ("created", ""),
            ("deleted", "api-token"),
            ("restored", ""),
        ]
        assert [event.at for event in events] == sorted(event.at for event in events)


class TestHouse:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("get", "/api/metadata"),
            ("post", "/api/metadata"),
            ("get", "/api/metadata/schema"),
            ("get", "/api/metadata/latest?name=a"),
            ("get", "/api/metadata/names"),
            ("post", "/api/metadata/validate"),
            ("get", f"/api/metadata/{UNKNOWN_ID}/history"),
            ("get", f"/api/metadata/{UNKNOWN_ID}"),
            ("delete", f"/api/metadata/{UNKNOWN_ID}"),
            ("post", f"/api/metadata/{UNKNOWN_ID}/restore"),
        ],
    )
    def test_required_token_guards_every_call(self, api: APIClient, settings: Any, method: str, path: str) -> None:
        settings.REQUIRE_TOKEN = True
        assert getattr(api, method)(path).status_code == 401
        assert getattr(api, method)(path, **TOKEN).status_code != 401

    def test_paths_are_served_without_the_prefix(self, api: APIClient) -> None:
        created = api.post("/metadata", {"name": "n", "payload": PAYLOAD}, format="json").json()
        assert api.get(f"/metadata/{created['id']}").json() == body_of(api.get("/metadata"))[0] == created
        assert api.delete(f"/metadata/{created['id']}").json() == {"deleted": 1}

    def test_schema_is_served(self, api: APIClient) -> None:
        response = api.get("/api/metadata/schema")
        assert response["Content-Type"] == "application/schema+json"
        assert response.json()["required"] == ["sourceName"]
