"""Who may see each page and do each action: a table, which lacks none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from compute.jobs import services
from compute.models import Job
from tests.factories_catalog import ProductFactory
from tests.people import ROLES, client_of, user_of

pytestmark = pytest.mark.django_db

LOGIN = "login"  # in place of a status: sent to the login


class Case(NamedTuple):
    """A page or an action, and what is answered to each of ROLES."""

    method: str
    name: str
    argument: str
    data: dict[str, Any]
    answers: tuple[int | str, int | str, int | str, int | str, int | str, int | str]


RUN = {"ask": "profile"}
EVERYONE = (200, 200, 200, 200, 200, 200)
LOOKING = (LOGIN, 403, 200, 200, 200, 200)
DOING = (LOGIN, 403, 403, 302, 302, 302)
NOT_FOUND = (404, 404, 404, 404, 404, 404)
OWN = (LOGIN, 200, 200, 200, 200, 200)
TO_LOGIN = (LOGIN, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN)  # also for the password, once more
LED_ON = (LOGIN, 302, 302, 302, 302, 302)
TABLE = [
    Case("get", "home", "", {}, EVERYONE),
    Case("get", "login", "", {}, (200, 302, 302, 302, 302, 302)),
    Case("post", "logout", "", {}, (302, 302, 302, 302, 302, 302)),
    Case("get", "logged-out", "", {}, EVERYONE),
    Case("post", "set_language", "", {"language": "fr"}, (302, 302, 302, 302, 302, 302)),
    Case("get", "texts", "texts", {}, EVERYONE),
    Case("get", "sso-oidc-login", "", {}, NOT_FOUND),  # without the settings
    Case("get", "sso-oidc-callback", "", {}, NOT_FOUND),
    Case("get", "sso-saml-login", "", {}, NOT_FOUND),
    Case("get", "sso-logout", "", {}, (302, 302, 302, 302, 302, 302)),
    Case("get", "saml_acs", "provider", {}, NOT_FOUND),
    Case("get", "saml_finish_acs", "provider", {}, NOT_FOUND),
    Case("get", "saml_sls", "provider", {}, NOT_FOUND),
    Case("get", "saml_metadata", "provider", {}, NOT_FOUND),
    Case("get", "account_login", "", {}, TO_LOGIN),
    Case("get", "mfa_authenticate", "", {}, LED_ON),
    Case("get", "second-factor-set-up", "", {}, LED_ON),
    Case("get", "account_reauthenticate", "", {}, OWN),
    Case("get", "mfa_index", "", {}, OWN),
    Case("get", "mfa_activate_totp", "", {}, TO_LOGIN),
    Case("get", "mfa_deactivate_totp", "", {}, (LOGIN, 404, 404, 404, 404, 404)),
    Case("get", "mfa_view_recovery_codes", "", {}, (LOGIN, 404, 404, 404, 404, 404)),
    Case("get", "mfa_generate_recovery_codes", "", {}, TO_LOGIN),
    Case("get", "docs", "", {}, EVERYONE),
    Case("get", "schema", "", {}, EVERYONE),
    Case("get", "catalogue", "", {}, EVERYONE),
    Case("get", "catalogue-product", "product", {}, EVERYONE),
    Case("get", "workbench", "", {}, LOOKING),
    Case("get", "workbench-file", "file", {}, LOOKING),
    Case("post", "workbench-file", "file", RUN, DOING),
    Case("get", "workbench-download", "file", {}, LOOKING),
    Case("get", "workbench-jobs", "", {}, LOOKING),
    Case("get", "workbench-job", "done", {}, LOOKING),
    Case("get", "workbench-job", "waiting", {}, LOOKING),
    Case("get", "workbench-job-status", "waiting", {}, LOOKING),
    Case("post", "workbench-upload", "", {"file": "new.csv"}, DOING),
    Case("post", "workbench-rename", "other file", {"to": "new name.csv"}, DOING),
    Case("post", "workbench-delete", "third file", {}, DOING),
    Case("post", "workbench-job-cancel", "waiting", {}, DOING),
    Case("post", "workbench-job-as", "done", {"output_format": "json"}, DOING),
    Case("post", "workbench-job-mended", "mendable", {}, DOING),
]


@pytest.fixture(autouse=True)
def compute_root(settings: Any, tmp_path: Path) -> Path:
    """A folder with one file; nobody waits for jobs."""
    settings.COMPUTE_ROOT, settings.COMPUTE_WAITERS = str(tmp_path), 0
    for name in ("table.csv", "other.csv", "third.csv"):
        (tmp_path / name).write_text("a\n1\n")
    (tmp_path / "results").mkdir()
    (tmp_path / "results/x.csv").write_text("a\n1\n")
    return tmp_path


def arguments() -> dict[str, list[Any]]:
    """What the pages are about, new."""
    asked = services.Request("stats", {"columns": ["a"], "by": []}, "table.csv", "ana")
    waiting, done, mendable = (services.submit_job(asked, fresh=True) for _ in range(3))
    Job.objects.filter(pk=done.pk).update(status="done", result_path="results/x.csv")
    Job.objects.filter(pk=mendable.pk).update(
        status="failed", error="x", error_code="not_numeric", mending_read={"decimal": ","}
    )
    files = {"provider": "saml", "file": "table.csv", "other file": "other.csv", "third file": "third.csv"}
    jobs = {"waiting": waiting.pk, "done": done.pk, "mendable": mendable.pk}
    return {"": [], "texts": ["fr", "0" * 12]} | {
        name: [value] for name, value in (files | jobs | {"product": ProductFactory().pk}).items()
    }


def answer_to(client: Client, case: Case) -> int | str:
    """Return the status of the answer, or LOGIN; who is refused has changed no job."""
    path = reverse(case.name, args=arguments()[case.argument])
    before = requested_jobs()
    answer = getattr(client, case.method)(path, _with_file(case.data))
    answer.getvalue()  # a file is closed once it is sent
    is_login = answer.status_code == 302 and answer["Location"].startswith("/login")
    if is_login or answer.status_code == 403:
        assert requested_jobs() == before
    return LOGIN if is_login else int(answer.status_code)


def requested_jobs() -> list[Any]:
    return list(Job.objects.exclude(operation__in=Job.LOOKS).order_by("pk").values_list("pk", "status"))


@pytest.mark.parametrize("role", ROLES)
def test_each_may_what_the_table_says(role: str) -> None:
    found = [answer_to(client_of(role), case) for case in TABLE]
    expected = [case.answers[ROLES.index(role)] for case in TABLE]
    assert dict(enumerate(found)) == dict(enumerate(expected))


@pytest.mark.parametrize("role", ["anonymous", "groupless", "viewer"])
def test_who_may_not_upload_leaves_nothing_behind(role: str, compute_root: Path) -> None:
    before = sorted(compute_root.rglob("*"))
    client_of(role).post("/workbench/upload", _with_file({"file": "new.csv"}))
    assert sorted(compute_root.rglob("*")) == before


def test_a_viewer_is_offered_nothing_to_do() -> None:
    client = client_of("viewer")
    job = arguments()["waiting"][0]
    for path in ("", "/jobs", "/files/table.csv", f"/jobs/{job}"):
        page = client.get(f"/workbench{path}").content.decode()
        assert page.count("<form") == 2
        assert page.count('action="/logout"') == page.count('action="/language"') == 1


def test_what_changes_something_needs_the_token_of_a_form() -> None:
    strict, user = Client(enforce_csrf_checks=True), user_of("superuser")
    assert user
    for case in TABLE:
        if case.method == "post" and case.name != "set_language":  # which changes nothing but what the reader reads
            strict.force_login(user)
            assert answer_to(strict, case) == 403


def test_no_session_opens_the_api() -> None:
    client = client_of("superuser")
    assert client.get("/api/compute/jobs").status_code == 401
    assert client.delete(f"/api/compute/jobs/{arguments()['waiting'][0]}").status_code == 401


def test_the_table_has_every_page() -> None:
    assert {case.name for case in TABLE} == set(_names(get_resolver().url_patterns))


def _names(patterns: list[Any]) -> Iterator[str]:
    """The names of all pages: what is neither the API nor the admin, which have tables of their own."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and not pattern.namespace:
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name


def _with_file(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"file": SimpleUploadedFile(data["file"], b"a\n1\n")} if "file" in data else data
