"""JSON in and out: strict about what comes in, exact about what goes out."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from config.core.json import dumps

echo = pytest.mark.urls("tests.config.urls")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("10.0000"), "10"),
        (Decimal("91.2000"), "91.2"),
        (Decimal(0), "0"),
        (Decimal("-0.05"), "-0.05"),
        (Decimal("1E+3"), "1000"),
        (Decimal("99999999999.9999"), "99999999999.9999"),
        ("Zoë 😀", '"Zoë 😀"'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05Z"'),
        (UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
        (float("nan"), "null"),
    ],
)
def test_values_come_out_as_json(value: Any, text: str) -> None:
    assert dumps(value).decode() == text


@echo
@pytest.mark.parametrize("value", [{}, [], {"a": [1, None, True, 1.5, "\u0000é😀"]}, 2**63, -(2**63)])
def test_json_comes_in_and_goes_out_unchanged(api: APIClient, value: Any) -> None:
    assert api.post("/echo", json.dumps(value), content_type="application/json").json() == value


@echo
@pytest.mark.parametrize(
    "body",
    [b'{"a":NaN}', b"[Infinity]", b"[1,]", b'{"a":1}x', b'"\xff"', b'"\\ud800"', b"\xef\xbb\xbf{}", b"[" * 900],
)
def test_what_is_not_json_is_a_400(api: APIClient, body: bytes) -> None:
    assert api.post("/echo", body, content_type="application/json").status_code == 400


@echo
@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413)])
def test_a_view_takes_a_body_up_to_its_own_limit(api: APIClient, size: int, status: int) -> None:
    body = b'"' + b"x" * (size - 2) + b'"'
    assert api.post("/echo", body, content_type="application/json").status_code == status
