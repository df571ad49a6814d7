"""Filters of a list are kept under a name, by each user for themselves; empty lists say what to do next."""

from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from config.admin import saved_filters
from config.models import AuditEntry, SavedFilter
from inflight.models import Delivery
from tests.rows import make_rows

pytestmark = pytest.mark.django_db

LIST = "/admin/inflight/delivery/"
FAILED = "status__exact=failed"


def log_in(name: str, group: str = "operator") -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client(headers={"Accept": "text/html"})
    client.force_login(user)
    return client


@pytest.fixture
def olga() -> Client:
    return log_in("olga")


def keep(client: Client, query: str = FAILED, name: str = "Failed ones", list_: str = "inflight.delivery") -> Any:
    return client.post("/admin/filters/save/", {"list": list_, "query": query, "name": name})


def page_of(client: Client, address: str = LIST) -> str:
    return unescape(client.get(address).content.decode())


def test_a_filter_is_kept_shown_as_a_link_and_deleted(olga: Client) -> None:
    assert 'name="query" value="status__exact=failed"' in page_of(olga, f"{LIST}?{FAILED}")
    answer = keep(olga)
    assert answer.headers["Location"] == f"{LIST}?{FAILED}"
    assert f'<a href="?{FAILED}">Failed ones</a>' in page_of(olga)
    assert f'<a href="?{FAILED}" aria-current="true">Failed ones</a>' in page_of(olga, f"{LIST}?{FAILED}")

    kept = SavedFilter.objects.get()
    olga.post(f"/admin/filters/{kept.pk}/delete/")

    assert "Failed ones" not in page_of(olga, LIST).replace("Deleted the filter “Failed ones”.", "")
    assert list(AuditEntry.objects.filter(object_type="config.savedfilter").values_list("act", "actor")) == [
        ("save_filter", "olga"), ("delete_filter", "olga"),
    ]  # fmt: skip


def test_a_filter_is_its_users_own(olga: Client) -> None:
    keep(olga)
    oscar = log_in("oscar")
    assert "Failed ones" not in page_of(oscar)
    assert oscar.post(f"/admin/filters/{SavedFilter.objects.get().pk}/delete/").status_code == 404
    assert SavedFilter.objects.count() == 1


def test_a_name_that_is_taken_gets_the_new_filters(olga: Client) -> None:
    keep(olga)
    keep(olga, "status__exact=waiting")
    assert SavedFilter.objects.get().query == "status__exact=waiting"


@pytest.mark.parametrize(
    ("list_", "query", "kept"),
    [
        ("inflight.customer", "q=Galante&needs_sending__exact=1&p=1", "needs_sending__exact=1"),
        ("inflight.delivery", "o=-1&status__exact=failed", "o=-1&status__exact=failed"),
        ("inflight.purchase", "customer__exact=4711", ""),
    ],
)
def test_neither_a_search_nor_whose_rows_a_link_chose_is_kept(olga: Client, list_: str, query: str, kept: str) -> None:
    """They may be a passenger's name or id."""
    keep(olga, query, list_=list_)
    assert SavedFilter.objects.get().query == kept


@pytest.mark.parametrize("list_", ["inflight.nothing", "nothing", "sessions.session", "x.y.z"])
def test_a_list_that_is_not_there_keeps_nothing(olga: Client, list_: str) -> None:
    assert keep(olga, list_=list_).status_code == 404


def test_a_list_that_somebody_may_not_see_and_a_filter_that_is_none_are_refused(olga: Client) -> None:
    assert keep(olga, "", list_="auth.user").status_code == 403
    assert keep(olga, "status__regex=.*").status_code == 400
    assert olga.get("/admin/filters/save/").status_code == 405
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 41])
def test_a_filter_needs_a_name(olga: Client, name: str) -> None:
    keep(olga, name=name)
    assert not SavedFilter.objects.exists()


def test_so_many_are_kept_of_a_list_and_no_more(olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_filters, "MOST_KEPT", 2)
    for name in ("a", "b", "c"):
        keep(olga, name=name)
    assert set(SavedFilter.objects.values_list("name", flat=True)) == {"a", "b"}
    keep(olga, "status__exact=waiting", name="b")
    assert SavedFilter.objects.get(name="b").query == "status__exact=waiting"


def test_kept_filters_go_with_their_user(olga: Client) -> None:
    keep(olga)
    User.objects.get(username="olga").delete()
    assert not SavedFilter.objects.exists()


def test_an_empty_list_says_what_to_do_next_to_who_may(olga: Client) -> None:
    page = page_of(olga)
    assert "There is nothing here yet." in page
    assert page.count("/admin/inflight/delivery/send/") == 2
    assert "/admin/inflight/delivery/send/" not in page_of(log_in("vera", "viewer"))


def test_a_list_without_a_match_leads_to_all_rows(olga: Client) -> None:
    make_rows(Delivery, 1)
    page = page_of(olga, f"{LIST}?{FAILED}")
    assert "No rows match the search and the filters." in page
    assert "There is nothing here yet." not in page
