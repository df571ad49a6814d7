"""The landing page, the login and errors as pages."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from config.models import WorkerHeartbeat
from inflight.models import Delivery
from tests.people import BROWSER

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana", password="a-good-password")


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_landing_page_tells_how_each_part_and_app_does(client: Client) -> None:
    WorkerHeartbeat.objects.create(name="w", started_at=timezone.now(), beat_at=timezone.now())
    Delivery.objects.create(status=Delivery.Status.WAITING)
    page = text_of(client.get("/"))
    assert "Everything works" in page
    assert "The partner does not respond; the delivery is retried automatically." in page
    assert page.count('<p class="state') == 1 + 5


def test_why_something_is_down_is_told_to_staff_only(client: Client, admin_client: Client) -> None:
    pages = text_of(client.get("/")), text_of(admin_client.get("/"))
    assert all("Worker: down" in page for page in pages)
    assert ["No worker has ever run" in page for page in pages] == [False, True]


def test_the_landing_page_costs_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12):
        client.get("/")


def test_a_person_logs_in_and_goes_on_to_where_they_wanted(client: Client, ana: User) -> None:
    answer = client.post("/login", {"username": "ana", "password": "a-good-password", "next": "/api/docs"})
    assert (answer.status_code, answer["Location"]) == (302, "/api/docs")
    assert "ana" in text_of(client.get("/"))


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_a_login_leads_to_no_other_site(client: Client, ana: User, elsewhere: str) -> None:
    answer = client.post("/login", {"username": "ana", "password": "a-good-password", "next": elsewhere})
    assert answer["Location"] == "/"


def test_a_wrong_password_is_said_in_words(client: Client, ana: User) -> None:
    page = text_of(client.post("/login", {"username": "ana", "password": "wrong"}))
    assert "Please enter a correct username and password" in page


def test_a_person_logs_out(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout")["Location"] == "/"
    assert "_auth_user_id" not in client.session


def test_a_form_that_cannot_be_trusted_is_refused_as_a_page() -> None:
    answer = Client(enforce_csrf_checks=True).post("/login", {"username": "ana"}, headers=BROWSER)
    assert answer.status_code == 403
    assert "reload the page" in text_of(answer)


def test_a_person_who_finds_nothing_is_told_so_on_a_page_with_the_requests_id(client: Client) -> None:
    answer = client.get("/catalog<ue>", headers=BROWSER)
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing at /catalog&lt;ue&gt;." in text_of(answer)
    assert answer["X-Request-ID"] in text_of(answer)


@pytest.mark.parametrize(
    ("path", "accept"), [("/nothing", "*/*"), ("/nothing", "application/json"), ("/api/nothing", BROWSER["Accept"])]
)
def test_a_program_is_told_in_a_document(client: Client, path: str, accept: str) -> None:
    assert client.get(path, headers={"Accept": accept})["Content-Type"] == "application/problem+json"


@pytest.mark.urls("tests.config.urls")
@pytest.mark.parametrize(
    ("path", "status"), [("/plain-failure", 500), ("/plain-refusal", 403), ("/plain-problem", 409)]
)
def test_what_goes_wrong_in_a_page_is_a_page(client: Client, path: str, status: int) -> None:
    client.raise_request_exception = False
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == status
    assert "<h1>" in text_of(answer)
    assert "only the log may know" not in text_of(answer)
