"""Lists by keyset: pages, links, and what a client may get wrong."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from django_q.models import Schedule
from rest_framework.test import APIClient

from config.models import WorkerHeartbeat

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.urls")]


def add(*names: str) -> None:
    now = datetime.now(UTC)
    WorkerHeartbeat.objects.bulk_create(WorkerHeartbeat(name=name, started_at=now, beat_at=now) for name in names)


def next_page(response: Any) -> str | None:
    """Return the address of the next page, from the Link header."""
    found = re.fullmatch(r'<(.+)>; rel="next"', response.headers.get("Link", ""))
    return found[1] if found else None


def test_the_body_is_a_plain_array(api: APIClient) -> None:
    add("b", "a")
    assert api.get("/heartbeats").json() == ["a", "b"]


def test_a_list_without_rows_is_an_empty_array_without_a_link(api: APIClient) -> None:
    response = api.get("/heartbeats")
    assert (response.json(), next_page(response)) == ([], None)


def test_following_the_links_gives_every_row_once_in_order(api: APIClient) -> None:
    names = [f"{number:02}" for number in range(7)]
    add(*names)
    seen, url = [], "/heartbeats?limit=3"
    while url:
        response = api.get(url)
        seen.append(response.json())
        url = next_page(response) or ""
    assert seen == [names[:3], names[3:6], names[6:]]


def test_the_last_page_has_no_link_when_it_is_just_full(api: APIClient) -> None:
    add("a", "b")
    assert next_page(api.get("/heartbeats?limit=2")) is None


def test_rows_that_come_and_go_between_pages_neither_skip_nor_repeat_others(api: APIClient) -> None:
    add("b", "c", "e", "f")
    url = next_page(api.get("/heartbeats?limit=2"))
    assert url is not None
    WorkerHeartbeat.objects.filter(name="b").delete()
    add("a", "d")
    assert api.get(url).json() == ["d", "e"]


def test_newest_first_pages_go_backwards_through_the_numbers(api: APIClient) -> None:
    Schedule.objects.all().delete()
    for name in "abc":
        Schedule.objects.create(name=name, func="math.sqrt")
    first = api.get("/schedules?limit=2")
    assert first.json() == ["c", "b"]
    assert api.get(next_page(first) or "").json() == ["a"]


def test_without_a_limit_a_page_has_a_hundred(api: APIClient) -> None:
    add(*(f"{number:03}" for number in range(101)))
    assert len(api.get("/heartbeats").json()) == 100


def test_the_largest_limit_is_taken(api: APIClient) -> None:
    assert api.get("/heartbeats?limit=1000").status_code == 200


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "ten", "1.5", "", " 5", "+5", "\u0663", "\u00b2", "9" * 5000])
def test_a_limit_that_is_no_whole_number_in_range_is_a_400_that_names_it(api: APIClient, limit: str) -> None:
    response = api.get(f"/heartbeats?limit={quote(limit)}")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "limit")


@pytest.mark.parametrize("text", ["", "!", "\u00e9", "\0", "not a number", "1" * 5000, "1e5", "1.5", "9" * 30])
def test_a_cursor_that_no_link_gave_is_a_400_that_names_it(api: APIClient, text: str) -> None:
    response = api.get(f"/schedules?cursor={quote(text)}")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize("text", ["", "a\0"])
def test_a_cursor_that_is_no_key_is_a_400_where_the_key_is_text(api: APIClient, text: str) -> None:
    assert api.get(f"/heartbeats?cursor={quote(text)}").status_code == 400
