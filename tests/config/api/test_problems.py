"""Every error, on every path, is a problem document that leads to the line in the log."""

import logging
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from config.core.logging import OutageFilter, RequestIdFilter
from tests.config.urls import SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.urls")]
prefixes = pytest.mark.parametrize("prefix", ["/api", ""])


@pytest.fixture(params=[False, True], ids=["production", "debug"], autouse=True)
def _debug(request: pytest.FixtureRequest, settings: Any) -> None:
    settings.DEBUG = request.param


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log, its records with the request's id as in production."""
    caplog.handler.addFilter(RequestIdFilter())
    return caplog


def problem(response: Any, status: int) -> dict[str, Any]:
    """Return the response's problem document after checking all that every problem has."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["instance"] == response["X-Request-ID"]
    assert {"type", "title", "detail"} <= body.keys()
    return body


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/api", "/api/", "/imports/x", "/import-csv/"])
def test_an_unknown_path_is_a_404_that_names_it(api: APIClient, path: str) -> None:
    assert path in problem(api.get(path), 404)["detail"]


@prefixes
def test_an_unknown_thing_on_a_known_path_is_a_404(api: APIClient, prefix: str) -> None:
    assert f"{prefix}/imports/77" in problem(api.get(f"{prefix}/imports/77"), 404)["detail"]


@prefixes
def test_a_path_with_a_nul_is_a_404(api: APIClient, prefix: str) -> None:
    problem(api.get(f"{prefix}/customers/%00"), 404)


def test_a_path_whose_view_finds_nothing_is_a_404(api: APIClient) -> None:
    problem(api.get("/plain-absence"), 404)


@prefixes
def test_a_wrong_method_is_a_405_that_names_the_right_ones(api: APIClient, prefix: str) -> None:
    response = api.get(f"{prefix}/import-csv")
    problem(response, 405)
    assert "POST" in response["Allow"]


@prefixes
def test_a_wrong_media_type_is_a_415(api: APIClient, prefix: str) -> None:
    problem(api.post(f"{prefix}/import-csv", "a=1", content_type="application/x-www-form-urlencoded"), 415)


@prefixes
def test_a_format_that_is_not_there_is_a_406(api: APIClient, prefix: str) -> None:
    problem(api.get(f"{prefix}/imports", headers={"Accept": "image/png"}), 406)


@prefixes
@pytest.mark.parametrize("body", [b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": NaN}', b'{"a": "\\ud800"}', b"[" * 5000])
def test_a_body_that_is_not_json_is_a_400(api: APIClient, prefix: str, body: bytes) -> None:
    answer = api.post(f"{prefix}/import-csv", body, content_type="application/json")
    assert "not JSON" in problem(answer, 400)["detail"]


@prefixes
def test_invalid_input_is_a_400_that_names_each_field(api: APIClient, prefix: str) -> None:
    body = problem(api.post(f"{prefix}/import-csv", {"dry_run": "perhaps"}, format="json"), 400)
    assert {error["field"] for error in body["errors"]} == {"customers_file_path", "purchased_file_path", "dry_run"}
    assert all(error["code"] and error["message"] for error in body["errors"])


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "true"])
def test_json_that_is_no_object_is_a_400(api: APIClient, body: str) -> None:
    problem(api.post("/api/import-csv", body, content_type="application/json"), 400)


@prefixes
def test_a_body_over_the_limit_is_a_413_that_names_it(api: APIClient, prefix: str, settings: Any) -> None:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = b'"' + b"x" * limit + b'"'
    answer = api.post(f"{prefix}/import-csv", body, content_type="application/json")
    assert str(limit) in problem(answer, 413)["detail"]


@prefixes
def test_a_missing_token_is_a_401_that_tells_what_to_send(api: APIClient, prefix: str, settings: Any) -> None:
    settings.REQUIRE_TOKEN = True
    response = api.get(f"{prefix}/imports")
    assert "Authorization: Bearer" in problem(response, 401)["detail"]
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_view_that_refuses_is_a_403(api: APIClient) -> None:
    problem(api.get("/plain-refusal"), 403)


@prefixes
def test_a_file_outside_the_roots_is_a_403(api: APIClient, prefix: str) -> None:
    files = {"customers_file_path": "/etc/passwd", "purchased_file_path": "/etc/passwd"}
    problem(api.post(f"{prefix}/import-csv", files, format="json"), 403)


def test_a_form_without_its_csrf_token_is_a_403() -> None:
    strict = APIClient(enforce_csrf_checks=True)
    problem(strict.post("/admin/login/", {"username": "x"}, format="multipart"), 403)


def test_an_unknown_host_is_a_400(api: APIClient) -> None:
    problem(api.get("/api/health", headers={"Host": "evil.example"}), 400)


@pytest.mark.parametrize("path", ["/plain-problem", "/api-problem"])
def test_an_apps_problem_arrives_whole_with_and_without_drf(api: APIClient, path: str) -> None:
    response = api.get(path)
    body = problem(response, 409)
    assert body["errors"] == [{"field": "name", "code": "taken", "message": "It is taken."}]
    assert (body["holder"], response["Location"]) == ("me", "/api/it")


@pytest.mark.parametrize("path", ["/plain-failure", "/api-failure"])
def test_a_500_shows_nothing_of_what_went_wrong(api: APIClient, path: str) -> None:
    response = api.get(path)
    problem(response, 500)
    assert SECRET not in response.content.decode()
    assert "Traceback" not in response.content.decode()


@pytest.mark.parametrize("path", ["/plain-failure", "/api-failure"])
def test_the_instance_of_a_500_leads_to_its_traceback_in_the_log(
    api: APIClient, log: pytest.LogCaptureFixture, path: str
) -> None:
    instance = problem(api.get(path), 500)["instance"]
    lines = [record for record in log.records if record.levelno >= logging.ERROR]
    assert [record.__dict__["request_id"] for record in lines] == [instance]
    assert SECRET in log.text


@pytest.mark.parametrize("path", ["/plain-full-disk", "/api-full-disk"])
def test_a_full_disk_is_a_507_that_says_what_to_do_and_one_line_in_the_log(
    api: APIClient, log: pytest.LogCaptureFixture, path: str
) -> None:
    log.handler.addFilter(OutageFilter())
    instance = (body := problem(api.get(path), 507))["instance"]
    assert body["detail"] == "No space is left on a disk of this machine. Free some space, then try again."
    [line] = [record for record in log.records if record.levelno >= logging.ERROR]
    assert (line.__dict__["request_id"], line.exc_info) == (instance, None)
    assert line.getMessage().startswith(f"No room for GET {path}: No space is left on a disk of this machine")


def test_a_person_is_told_of_a_full_disk_by_a_page(api: APIClient) -> None:
    response = api.get("/plain-full-disk", headers={"Accept": "text/html"})
    assert (response.status_code, response["Content-Type"]) == (507, "text/html; charset=utf-8")
    assert "Free some space, then try again." in response.content.decode()


def test_a_full_disk_that_a_middleware_finds_is_a_507(settings: Any) -> None:
    settings.DEBUG = False  # where Django shows a page of its own
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.config.urls.full_disk_middleware"]
    problem(Client(raise_request_exception=False).get("/echo"), 507)


def test_a_request_id_of_the_proxy_is_kept(api: APIClient) -> None:
    given = "proxy-1234567890"
    assert problem(api.get("/nothing", headers={"X-Request-ID": given}), 404)["instance"] == given


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "with space in it", "line\nbreak-12345", "<script>alert</script>"]
)
def test_a_request_id_that_could_spoil_the_log_is_replaced(api: APIClient, given: str) -> None:
    instance = problem(api.get("/nothing", headers={"X-Request-ID": given}), 404)["instance"]
    assert instance != given
    assert len(instance) == 32


def test_every_request_has_an_id_of_its_own(api: APIClient) -> None:
    assert api.get("/nothing")["X-Request-ID"] != api.get("/nothing")["X-Request-ID"]
