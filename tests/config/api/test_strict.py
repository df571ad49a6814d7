"""Input that an operation does not know, or of another type than it takes, is refused by its name and changes nothing."""

import gzip
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from inflight.models import Delivery, ImportRun
from ingest.models import DataEntry
from metadata_registry.models import Metadata
from tests.factories_catalog import ProductFactory

pytestmark = pytest.mark.django_db

PRODUCT = "00000000-0000-4000-8000-000000000001"
METADATA = "00000000-0000-4000-8000-000000000002"
IDS = {
    "/api/products/{id}": PRODUCT,
    "/api/products/{id}/register": PRODUCT,
    "/api/products/{id}/offers": PRODUCT,
    "/api/metadata/{id}/restore": METADATA,
}


@pytest.fixture
def rows() -> None:
    ProductFactory(pk=PRODUCT)
    Metadata.objects.create(pk=METADATA, name="a", payload="{}")
    Delivery.objects.create(pk=1, status=Delivery.Status.FAILED)
    ImportRun.objects.create(pk=1, status=ImportRun.Status.COMPLETED)


@pytest.fixture
def schema(api: APIClient) -> dict[str, Any]:
    found: dict[str, Any] = api.get("/api/schema").json()["paths"]
    return found


@pytest.fixture
def caller(api: APIClient, settings: Any) -> APIClient:
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {settings.API_TOKEN}")
    return api


def addressed(path: str) -> str:
    return path.format_map(dict.fromkeys(("id", "customer_id", "purchase_identifier"), IDS.get(path, "1")))


def writable(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the method and path of each operation with a JSON body, or with none where there could be one."""
    return [
        (method, path)
        for path, operations in schema.items()
        for method, operation in operations.items()
        if method in ("post", "put", "patch")
        and "application/json" in operation.get("requestBody", {}).get("content", {"application/json": {}})
    ]


def lists(schema: dict[str, Any]) -> list[str]:
    return [
        path
        for path, operations in schema.items()
        for parameter in operations.get("get", {}).get("parameters", [])
        if parameter["name"] == "limit"
    ]


def counts() -> list[int]:
    return [model.objects.count() for model in (Product, Metadata, Delivery, ImportRun, DataEntry)]


@pytest.mark.usefixtures("rows")
def test_every_operation_with_a_body_refuses_a_member_that_it_does_not_know(
    caller: APIClient, schema: dict[str, Any]
) -> None:
    operations = writable(schema)
    before, answers = counts(), {}
    for method, path in operations:
        response = getattr(caller, method)(addressed(path), {"no_such_member": 1}, format="json")
        fields = [error["field"] for error in response.json().get("errors", [])]
        answers[method, path] = (response.status_code, "no_such_member" in fields)
    assert len(operations) > 10
    assert [where for where, answer in answers.items() if answer != (400, True)] == []
    assert counts() == before


@pytest.mark.usefixtures("rows")
def test_every_list_refuses_a_parameter_that_it_does_not_know(caller: APIClient, schema: dict[str, Any]) -> None:
    answers = {path: caller.get(addressed(path), {"no_such_parameter": 1}) for path in lists(schema)}
    assert len(answers) > 8
    refused = {path: answer.json().get("errors", [{}])[0].get("field") for path, answer in answers.items()}
    assert refused == dict.fromkeys(answers, "no_such_parameter")
    assert {answer.status_code for answer in answers.values()} == {400}


@pytest.mark.parametrize(
    ("path", "body", "field", "nearest"),
    [
        (
            "/import-csv",
            {"customers_file_path": "a", "purchased_file_path": "b", "dry_rnu": True},
            "dry_rnu",
            "dry_run",
        ),
        ("/send-customers", {"onyl": "changed"}, "onyl", "only"),
        ("/products", {"name": "a", "desription": "b"}, "desription", "description"),
        ("/data", {"content": "a", "contents": "b"}, "contents", "content"),
        ("/data", [{"content": "a"}, {"content": "a", "contents": "b"}], "1.contents", "content"),
        ("/metadata", {"name": "a", "payload": {"sourceName": "b"}, "nmae": "c"}, "nmae", "name"),
        ("/compute/stats", {"file_path": "a.csv", "columns": ["b"], "bye": ["c"]}, "bye", "by"),
        (
            "/compute/stats",
            {"file_path": "a.csv", "columns": ["b"], "read": {"null_value": []}},
            "read.null_value",
            "null_values",
        ),
    ],
)
def test_the_nearest_known_member_is_named(caller: APIClient, path: str, body: Any, field: str, nearest: str) -> None:
    before = counts()
    response = caller.post(path, body, format="json")
    assert (response.status_code, response.json()["detail"]) == (400, f"{field}: unknown; did you mean {nearest}?")
    assert counts() == before


def test_the_nearest_known_parameter_is_named(api: APIClient) -> None:
    response = api.get("/customers", {"emial": "x"})
    assert (response.status_code, response.json()["detail"]) == (400, "emial: unknown; did you mean email?")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/products", {"name": 5}, "name"),
        ("/products", {"name": "a", "description": True}, "description"),
        ("/metadata", {"name": 5, "payload": {"sourceName": "a"}}, "name"),
        ("/import-csv", {"customers_file_path": 1, "purchased_file_path": "b"}, "customers_file_path"),
        ("/import-csv", {"customers_file_path": "a", "purchased_file_path": "b", "dry_run": "true"}, "dry_run"),
        ("/import-csv", {"customers_file_path": "a", "purchased_file_path": "b", "dry_run": 1}, "dry_run"),
        ("/send-customers", {"only": ["all"]}, "only"),
        ("/data", {"content": 5}, "content"),
        ("/compute/stats", {"file_path": 5, "columns": ["a"]}, "file_path"),
        ("/compute/stats", {"file_path": "a.csv", "columns": [5]}, "columns.0"),
        ("/compute/group_by", {"file_path": "a.csv", "by": ["a"], "aggregations": {"b": [1]}}, "aggregations.b.0"),
    ],
)
def test_a_value_of_another_json_type_is_refused(caller: APIClient, path: str, body: Any, field: str) -> None:
    response = caller.post(path, body, format="json")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("body", ["null", "[]", "0", '""', "false"])
def test_a_body_that_is_no_object_is_refused(api: APIClient, body: str) -> None:
    response = api.post("/send-customers", body, content_type="application/json")
    assert (response.status_code, Delivery.objects.count()) == (400, 0)


def test_a_parameter_that_is_given_twice_is_refused(api: APIClient) -> None:
    response = api.get("/products?limit=1&limit=2")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "limit")


@pytest.mark.parametrize("path", ["/products", "/data", "/metadata"])
def test_a_post_refuses_query_parameters(api: APIClient, path: str) -> None:
    before = counts()
    assert api.post(f"{path}?dry_run=true", {}, format="json").json()["errors"][0]["field"] == "dry_run"
    assert counts() == before


def test_the_members_of_metadata_that_are_the_servers_may_be_sent_and_are_ignored(api: APIClient) -> None:
    body = {"name": "a", "payload": {"sourceName": "b"}, "id": None, "registered_on": 5}
    assert api.post("/metadata", body, format="json").status_code == 200


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("path", ["/api/nothing", "/nothing", "/api/deliveries/-18/retry", "/catalogue/x/y"])
def test_an_unknown_path_is_404_with_every_method(api: APIClient, path: str, method: str) -> None:
    api.handler.enforce_csrf_checks = True
    assert getattr(api, method)(path).status_code == 404


def zipped(text: bytes) -> dict[str, Any]:
    return {"data": gzip.compress(text, mtime=0), "content_type": "application/json", "HTTP_CONTENT_ENCODING": "gzip"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/products", b'{"name": "a"}'),
        ("/data", b'{"content": "a"}'),
        ("/metadata", b'{"name":"a","payload":{"sourceName":"b"}}'),
    ],
)
def test_a_body_in_gzip_is_read(api: APIClient, path: str, body: bytes) -> None:
    before = sum(counts())
    assert api.post(path, **zipped(body)).status_code in (200, 201)
    assert sum(counts()) == before + 1


@pytest.mark.parametrize(("path", "size"), [("/products", 2 * 1024**2), ("/data", 17 * 1024**2)])
def test_the_limit_of_a_body_holds_for_what_comes_out_of_gzip(api: APIClient, path: str, size: int) -> None:
    bomb = b'{"name": "' + b" " * size + b'"}'
    assert (api.post(path, **zipped(bomb)).status_code, sum(counts())) == (413, 0)


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b'{"name": "a"}', mtime=0)[:-9], b""])
def test_a_body_that_is_no_whole_gzip_is_400(api: APIClient, body: bytes) -> None:
    response = api.post("/products", body, content_type="application/json", HTTP_CONTENT_ENCODING="gzip")
    assert (response.status_code, Product.objects.count()) == (400, 0)


@pytest.mark.parametrize("path", ["/products", "/data", "/send-customers"])
@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_another_encoding_is_415(api: APIClient, path: str, encoding: str) -> None:
    response = api.post(path, b"{}", content_type="application/json", HTTP_CONTENT_ENCODING=encoding)
    assert (response.status_code, counts()) == (415, [0] * 5)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/metadata", '{{"name": "a", "payload": {{"sourceName": "b", "c": {}}}}}'),
        ("/data", '{{"content": {}}}'),
        ("/products", '{{"name": {}}}'),
        ("/compute/stats", '{{"file_path": {}}}'),
    ],
)
@pytest.mark.parametrize("depth", [201, 1010, 100_000])
def test_a_body_that_is_nested_too_deeply_is_400(caller: APIClient, path: str, body: str, depth: int) -> None:
    response = caller.post(path, body.format(nested(depth)), content_type="application/json")
    assert (response.status_code, "The body is not JSON" in response.json()["detail"]) == (400, True)


def test_a_payload_as_text_may_be_as_deep_as_a_body(api: APIClient) -> None:
    texts = ['{"sourceName": "a", "b": ' + nested(depth) + "}" for depth in (199, 200)]
    answers = [api.post("/metadata", {"name": "a", "payload": text}, format="json").status_code for text in texts]
    assert answers == [200, 400]
