"""Pages come compressed to who takes that; nothing else is compressed on its way."""

import gzip

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def test_a_page_is_compressed() -> None:
    answer = Client().get("/catalogue", headers=GZIP)
    assert (answer["Content-Encoding"], "Accept-Encoding" in answer["Vary"]) == ("gzip", True)
    assert b"<h1" in gzip.decompress(answer.content)
    assert len(answer.content) < len(gzip.decompress(answer.content)) / 2


def test_a_page_is_plain_for_who_takes_nothing_else() -> None:
    answer = Client().get("/catalogue")
    assert not answer.has_header("Content-Encoding")
    assert b"<h1" in answer.content


@pytest.mark.parametrize("address", ["/api/schema", "/api/docs?script=", "/static/apron/apron.css"])
def test_what_is_no_page_is_not(address: str) -> None:
    answer = Client().get(address, headers=GZIP)
    assert (answer.status_code, answer.has_header("Content-Encoding")) == (200, False)
    answer.getvalue()  # a file is closed once it is sent
