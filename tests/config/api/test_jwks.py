"""Tokens of the company's authentication service, by its key set; tokens issued here."""

import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed

from config.api import jwks
from config.api.authentication import caller_of
from tests.fakes.faulty import FaultyServer, Received

KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class KeyServer(FaultyServer):
    """Serves a JWKS with one key."""

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return 200, {}, json.dumps({"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}).encode()


@pytest.fixture
def key_server(settings: Any) -> Iterator[KeyServer]:
    server = KeyServer()
    with server:
        settings.JWT_ALGORITHM, settings.JWKS_URL = "RS256", f"{server.url}/keys"
        yield server
    jwks._key_set.cache_clear()


def _token(key: Any = KEY, kid: str = "one") -> str:
    return jwt.encode({"sub": "ana"}, key, algorithm="RS256", headers={"kid": kid})


def test_a_token_signed_by_the_service_is_accepted_and_its_key_asked_for_once(key_server: KeyServer) -> None:
    assert [caller_of(_token(), HttpRequest()).sub for _ in range(3)] == ["ana"] * 3
    assert len(key_server.received) == 1


@pytest.mark.parametrize("token", [_token(OTHER_KEY), _token(kid="two"), "a.b.c", jwt.encode({"sub": "a"}, "s" * 32)])
def test_other_tokens_are_refused(token: str, key_server: KeyServer) -> None:
    with pytest.raises(AuthenticationFailed):
        caller_of(token, HttpRequest())


def test_unknown_keys_do_not_make_us_ask_again_and_again(key_server: KeyServer) -> None:
    for number in range(20):
        with pytest.raises(AuthenticationFailed):
            caller_of(_token(OTHER_KEY, kid=str(number)), HttpRequest())

    assert len(key_server.received) == 1


def test_known_keys_go_on_serving_while_the_service_is_down(
    key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller_of(_token(), HttpRequest())
    key_server.down = True
    monkeypatch.setattr(jwks, "FRESH_SECONDS", -1.0)
    monkeypatch.setattr(jwks, "ASK_AGAIN_SECONDS", -1.0)

    assert caller_of(_token(), HttpRequest()).sub == "ana"
    assert len(key_server.received) == 2


def test_without_any_key_the_answer_is_no(key_server: KeyServer) -> None:
    key_server.down = True

    with pytest.raises(AuthenticationFailed):
        caller_of(_token(), HttpRequest())


def test_an_issued_token_names_its_holder_and_what_they_may_do(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.JWT_KEY, settings.JWT_ALGORITHM, settings.JWKS_URL = "s" * 32, "HS256", ""

    call_command("issue_token", "--sub=ana", "--scope=data:read", "--scope=data:write", "--days=1")

    caller = caller_of(capsys.readouterr().out.strip(), HttpRequest())
    assert (caller.sub, sorted(caller.scopes)) == ("ana", ["data:read", "data:write"])


@pytest.mark.parametrize(
    ("key", "algorithm", "days"), [("", "HS256", 1), ("s" * 32, "RS256", 1), ("s" * 32, "HS256", 0)]
)
def test_no_token_is_issued_without_a_secret_or_a_term(key: str, algorithm: str, days: int, settings: Any) -> None:
    settings.JWT_KEY, settings.JWT_ALGORITHM = key, algorithm

    with pytest.raises(CommandError):
        call_command("issue_token", "--sub=ana", "--scope=data:read", f"--days={days}")
