"""Every response says what a browser may load: only our own files."""

import re
from typing import Any

import pytest
from django.test import Client

from config.pages.csp import POLICY

pytestmark = pytest.mark.django_db

INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/health", 503),
        ("get", "/api/imports", 200),
        ("get", "/imports", 200),
        ("post", "/api/data", 415),
        ("get", "/api/nothing", 404),
        ("get", "/api/docs", 200),
        ("get", "/api/docs?script=", 200),
        ("get", "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css", 200),
        ("get", "/admin", 302),
        ("get", "/admin/login/", 302),
        ("get", "/", 200),
        ("get", "/login", 200),
        ("post", "/logout", 302),
    ],
)
def test_every_response_carries_the_strict_policy(client: Client, method: str, path: str, status: int) -> None:
    answer = getattr(client, method)(path)
    assert (answer.status_code, answer["Content-Security-Policy"]) == (status, POLICY)
    assert answer["X-Content-Type-Options"] == "nosniff"
    answer.getvalue()  # a file is closed once it is sent


def test_a_host_that_is_not_ours_gets_it_too(client: Client) -> None:
    assert client.get("/", headers={"Host": "evil.example"})["Content-Security-Policy"] == POLICY


def test_https_only_asks_browsers_to_stay_with_it(client: Client, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    answer = client.get("/api/docs", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("path", ["/", "/login", "/api/docs"])
def test_pages_need_nothing_inline(client: Client, path: str) -> None:
    assert not INLINE.search(client.get(path).content.decode())
