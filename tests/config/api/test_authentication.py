"""Who gets in: a table of tokens, with and without REQUIRE_TOKEN."""

import base64
import hashlib
import hmac
import json
import logging
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from rest_framework.test import APIClient

from inflight.models import Delivery
from tests.config.urls import SECRET

pytestmark = pytest.mark.django_db

SHARED_KEY = "a-shared-key-of-more-than-32-bytes-in-all"
PRIVATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = (
    PRIVATE_KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
SOON = int(time.time()) + 3600
PAST = int(time.time()) - 60
CLAIMS = {"sub": "anna@example.com", "exp": SOON, "scope": "inflight:read inflight:send openid"}


def signed_by_hand(algorithm: str, key: str) -> str:
    """Return a token that no honest library would sign: HS256 with a public key, or not at all."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = f"{part(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}.{part(json.dumps(CLAIMS).encode())}"
    signature = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest() if key else b""
    return f"{text}.{part(signature)}"


def hs256(claims: dict[str, Any], key: str = SHARED_KEY) -> str:
    return jwt.encode(claims, key, algorithm="HS256")


# name: (JWT_KEY, JWT_ALGORITHM, Authorization header, status with REQUIRE_TOKEN, status without)
TABLE: dict[str, tuple[str, str, str, int, int]] = {
    "no header": ("", "HS256", "", 401, 200),
    "another scheme": ("", "HS256", "Basic dXNlcjpwYXNz", 401, 200),
    "API_TOKEN": ("", "HS256", "Bearer test-token", 200, 200),
    "API_TOKEN, scheme in small letters": ("", "HS256", "bearer test-token", 200, 200),
    "API_TOKEN beside JWT": (SHARED_KEY, "HS256", "Bearer test-token", 200, 200),
    "empty token": ("", "HS256", "Bearer ", 401, 401),
    "wrong token": ("", "HS256", "Bearer wrong", 401, 401),
    "API_TOKEN and more": ("", "HS256", "Bearer test-token-and-more", 401, 401),
    "token that is not ASCII": ("", "HS256", "Bearer t\u00e9st", 401, 401),
    "wrong token beside JWT": (SHARED_KEY, "HS256", "Bearer wrong", 401, 401),
    "JWT without a key here": ("", "HS256", f"Bearer {hs256(CLAIMS)}", 401, 401),
    "HS256": (SHARED_KEY, "HS256", f"Bearer {hs256(CLAIMS)}", 200, 200),
    "HS256 without exp": (SHARED_KEY, "HS256", f"Bearer {hs256({'sub': 'a', 'scope': ['inflight:read']})}", 200, 200),
    "HS256 expired": (SHARED_KEY, "HS256", f"Bearer {hs256(CLAIMS | {'exp': PAST})}", 401, 401),
    "HS256 of another key": (SHARED_KEY, "HS256", f"Bearer {hs256(CLAIMS, 'x' * 40)}", 401, 401),
    "HS256 without sub": (SHARED_KEY, "HS256", f"Bearer {hs256({'exp': SOON})}", 401, 401),
    "HS256 with a sub too long to keep": (SHARED_KEY, "HS256", f"Bearer {hs256({'sub': 'a' * 256})}", 401, 401),
    "HS256 with a NUL in its sub": (SHARED_KEY, "HS256", f"Bearer {hs256({'sub': 'a' + chr(0)})}", 401, 401),
    "HS256 with a sub that is no text": (SHARED_KEY, "HS256", f"Bearer {hs256({'sub': 7})}", 401, 401),
    "HS256 without scopes": (SHARED_KEY, "HS256", f"Bearer {hs256({'sub': 'a'})}", 403, 403),
    "HS256 with others' scopes": (SHARED_KEY, "HS256", f"Bearer {hs256({'sub': 'a', 'scope': 'openid'})}", 403, 403),
    "HS256 with a scope claim of no shape": (
        SHARED_KEY,
        "HS256",
        f"Bearer {hs256({'sub': 'a', 'scope': 7})}",
        403,
        403,
    ),
    "HS256 with the sub of API_TOKEN": (
        SHARED_KEY,
        "HS256",
        f"Bearer {hs256(CLAIMS | {'sub': 'api-token'})}",
        401,
        401,
    ),
    "HS256 with the sub of a client": (SHARED_KEY, "HS256", f"Bearer {hs256(CLAIMS | {'sub': 'client:a'})}", 401, 401),
    "alg none": (SHARED_KEY, "HS256", f"Bearer {signed_by_hand('none', '')}", 401, 401),
    "RS256": (PUBLIC_PEM, "RS256", f"Bearer {jwt.encode(CLAIMS, PRIVATE_KEY, algorithm='RS256')}", 200, 200),
    "RS256 expired": (
        PUBLIC_PEM,
        "RS256",
        f"Bearer {jwt.encode(CLAIMS | {'exp': PAST}, PRIVATE_KEY, algorithm='RS256')}",
        401,
        401,
    ),
    "HS256 signed with the RS256 public key": (
        PUBLIC_PEM,
        "RS256",
        f"Bearer {signed_by_hand('HS256', PUBLIC_PEM)}",
        401,
        401,
    ),
    "alg none where RS256 is asked": (PUBLIC_PEM, "RS256", f"Bearer {signed_by_hand('none', '')}", 401, 401),
}


@pytest.mark.parametrize("required", [True, False], ids=["required", "open"])
@pytest.mark.parametrize("kind", TABLE)
def test_who_gets_in(api: APIClient, settings: Any, kind: str, required: bool) -> None:
    settings.JWT_KEY, settings.JWT_ALGORITHM, header, status_if_required, status_if_open = TABLE[kind]
    settings.REQUIRE_TOKEN = required
    answer = api.get("/api/imports", headers={"Authorization": header} if header else {})
    assert answer.status_code == (status_if_required if required else status_if_open)


def test_an_expired_token_is_said_to_have_expired(api: APIClient, settings: Any) -> None:
    settings.JWT_KEY, settings.JWT_ALGORITHM = SHARED_KEY, "HS256"
    answer = api.get("/api/imports", headers={"Authorization": f"Bearer {hs256({'sub': 'a', 'exp': PAST})}"})
    assert "expired" in answer.json()["detail"]


def test_the_sub_of_the_token_is_recorded_as_the_one_who_asked(api: APIClient, settings: Any) -> None:
    settings.JWT_KEY, settings.JWT_ALGORITHM = SHARED_KEY, "HS256"
    api.post("/api/send-customers", headers={"Authorization": f"Bearer {hs256(CLAIMS)}"})
    assert Delivery.objects.get().requested_by == "anna@example.com"


@pytest.mark.urls("tests.config.urls")
@pytest.mark.parametrize("token", ["test-token", "a-wrong-token"])
def test_tokens_are_not_in_the_log(api: APIClient, token: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        api.get("/api-failure", headers={"Authorization": f"Bearer {token}"})
        api.get("/api/imports", headers={"Authorization": f"Bearer {token}"})
    assert (SECRET in caplog.text) == (token == "test-token")  # the log was listened to
    assert token not in caplog.text
