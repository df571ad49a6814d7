"""The schema is valid OpenAPI 3.1 of the paths under /api, and the docs page needs nobody else's server."""

import re
import uuid
from typing import Any

import pytest
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(api: APIClient) -> dict[str, Any]:
    body: dict[str, Any] = api.get("/api/schema").json()
    return body


def operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in schema["paths"].values() for operation in path.values()]


def is_served(api: APIClient, address: str) -> bool:
    response: Any = api.get(address)
    response.close()
    return bool(response.status_code == 200)


def test_it_is_valid_openapi_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    validate_schema(schema)  # type: ignore[no-untyped-call]


def test_only_paths_under_api_are_in_it(schema: dict[str, Any]) -> None:
    assert schema["paths"]
    assert [path for path in schema["paths"] if not path.startswith("/api/")] == []


def example_of(schema: dict[str, Any], path: str) -> str:
    """Return a path with something that fits in place of each parameter."""
    parameters = [p for operation in schema["paths"][path].values() for p in operation.get("parameters", [])]
    ids = [p["name"] for p in parameters if p["schema"].get("format") == "uuid"]
    return re.sub(r"{(\w+)}", lambda name: str(uuid.UUID(int=0)) if name[1] in ids else "0", path)


def test_every_path_is_there_without_the_prefix_too(schema: dict[str, Any], api: APIClient) -> None:
    paths = [example_of(schema, path).removeprefix("/api") for path in schema["paths"]]
    refused = {path: api.options(path).json().get("detail", "") for path in paths}
    assert [path for path, detail in refused.items() if detail.startswith("There is nothing at")] == []


def test_every_operation_has_a_name_of_its_own_and_a_word_on_what_it_does(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(schema)]
    assert len(names) == len(set(names))
    assert [operation["operationId"] for operation in operations(schema) if not operation.get("description")] == []


def test_every_operation_says_that_its_errors_are_problems(schema: dict[str, Any]) -> None:
    for operation in operations(schema):
        assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_the_bearer_token_is_in_it(schema: dict[str, Any]) -> None:
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_the_docs_page_loads_nothing_from_another_host_and_all_of_it_is_there(api: APIClient) -> None:
    page = api.get("/api/docs").content.decode()
    loaded = re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']([^"']+)["']""", page)
    loaded += re.findall(r'data-(?:styles|bundle|script)="([^"]+)"', page)  # Swagger UI, once an operation is chosen
    assert len(loaded) >= 6
    assert [address for address in loaded if not re.match(r"/(?!/)", address)] == []
    assert [address for address in loaded if not is_served(api, address)] == []


def test_the_docs_page_names_every_operation_without_a_script(api: APIClient, schema: dict[str, Any]) -> None:
    page = api.get("/api/docs").content.decode()
    wanted = {f"#/{operation['tags'][0]}/{operation['operationId']}" for operation in operations(schema)}
    assert set(re.findall(r'<li><a href="([^"]+)"', page)) == wanted


def test_the_front_door_leads_to_the_docs(api: APIClient) -> None:
    assert 'href="/api/docs"' in api.get("/").content.decode()


def contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an operation takes and, where it succeeds, answers as JSON."""
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    parts = [*answers, operation.get("requestBody", {})]
    return [part["content"]["application/json"] for part in parts if "application/json" in part.get("content", {})]


def test_every_operation_has_a_summary_of_one_line_and_a_tag_that_is_described(schema: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in schema["tags"] if tag["description"]}
    for operation in operations(schema):
        assert 10 < len(operation["summary"]) < 120, operation["operationId"]
        assert set(operation["tags"]) <= tags, operation["operationId"]


@pytest.mark.parametrize(
    ("name", "body"),
    [("DataInputRequest", {"content": ""}), ("ProductInputRequest", {"name": "Mower", "description": ""})],
)
def test_a_blank_text_that_is_accepted_fits_the_schema(schema: dict[str, Any], name: str, body: Any) -> None:
    Draft202012Validator(schema["components"]["schemas"][name]).validate(body)


def test_every_body_has_an_example_that_fits_its_schema(schema: dict[str, Any]) -> None:
    for operation in operations(schema):
        for content in contents(operation):
            examples = [each["value"] for each in content.get("examples", {}).values()]
            assert examples, operation["operationId"]
            for value in examples:
                validator = Draft202012Validator({**content["schema"], "components": schema["components"]})
                assert [error.message for error in validator.iter_errors(value)] == [], operation["operationId"]


@pytest.mark.parametrize("required", [True, False])
def test_the_security_is_what_the_server_asks_for(api: APIClient, settings: Any, required: bool) -> None:
    settings.REQUIRE_TOKEN = required
    paths = api.get("/api/schema", headers={"Authorization": f"Bearer {settings.API_TOKEN}"}).json()["paths"]
    assert ({} in paths["/api/products"]["post"]["security"]) is not required
    assert {} not in paths["/api/compute/jobs"]["get"]["security"]
    assert {} in paths["/api/health"]["get"]["security"]
