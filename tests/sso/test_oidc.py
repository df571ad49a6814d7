"""Log in with OpenID Connect, against a real provider."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from config.worker.tasks import drop_expired_sessions
from tests.fakes.openid_provider import CLIENT_ID, CLIENT_SECRET, KID, OpenIdProvider, Person
from tests.sso.walking import at_openid, through_openid, title, who

pytestmark = pytest.mark.django_db

Log = pytest.LogCaptureFixture
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims_of(id_token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(id_token, options={"verify_signature": False})
    return found


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": KID})


def signed_with_public_key(provider: OpenIdProvider, claims: dict[str, Any]) -> str:
    """Return a token whose HMAC has the provider's public key for a secret, which PyJWT itself refuses to make."""
    public = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    head, body, _ = jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": KID}).split(".")
    signature = jwt.utils.base64url_encode(algorithm.sign(f"{head}.{body}".encode(), public)).decode()
    return f"{head}.{body}.{signature}"


SPOILED: dict[str, tuple[Callable[[OpenIdProvider, dict[str, Any]], str], str]] = {  # and what the log says of it
    "the nonce of another login": (lambda provider, claims: provider.signed(claims | {"nonce": "another"}), "nonce"),
    "no nonce": (lambda provider, claims: provider.signed({k: v for k, v in claims.items() if k != "nonce"}), "nonce"),
    "another audience": (lambda provider, claims: provider.signed(claims | {"aud": "another"}), "Audience"),
    "another authorized party": (
        lambda provider, claims: provider.signed(claims | {"aud": [CLIENT_ID, "b"], "azp": "b"}),
        "another client",
    ),
    "expired": (
        lambda provider, claims: provider.signed(claims | {"exp": time.time() - 120, "iat": time.time() - 240}),
        "expired",
    ),
    "no expiry": (lambda provider, claims: provider.signed({k: v for k, v in claims.items() if k != "exp"}), "exp"),
    "another issuer": (lambda provider, claims: provider.signed(claims | {"iss": "https://evil.example"}), "issuer"),
    "another key": (lambda provider, claims: provider.signed(claims, key=OTHER_KEY), "Signature verification failed"),
    "an unknown key": (lambda provider, claims: provider.signed(claims, kid="another"), "no such key"),
    "not signed (alg none)": (lambda _, claims: unsigned(claims), "alg"),
    "signed with the public key (HS256)": (signed_with_public_key, "alg"),
    "somebody else than userinfo": (
        lambda provider, claims: provider.signed(claims | {"sub": "another"}),
        "somebody else",
    ),
    "no token": (lambda _, __: "", "no ID token"),
    "no JWT": (lambda _, __: "rubbish", "not valid"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_an_id_token_that_may_be_forged_is_refused(
    client: Client, openid: OpenIdProvider, caplog: Log, how: str
) -> None:
    spoil, why = SPOILED[how]
    openid.spoil = lambda id_token: spoil(openid, claims_of(id_token))
    answer = through_openid(client, "olga")
    assert (answer.status_code, title(answer), who(client)) == (403, "You are not logged in", "")
    assert why in caplog.text


def test_a_login_leads_to_where_one_wanted_to_go_with_a_new_session(client: Client, openid: OpenIdProvider) -> None:
    back = at_openid(client, "olga", then="/workbench")
    before = client.session.session_key
    answer = client.get(back)
    assert (answer.status_code, answer["Location"]) == (302, "/workbench")
    assert who(client) == "olga"
    assert client.session.session_key != before
    assert 8 * 3600 - 60 < client.session.get_expiry_age() <= 8 * 3600


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "http://localhost/", "javascript:alert(1)"]
)
def test_a_login_leads_to_no_other_site(client: Client, openid: OpenIdProvider, elsewhere: str) -> None:
    assert through_openid(client, "olga", then=elsewhere)["Location"] == "/"
    assert who(client) == "olga"


def test_the_provider_is_asked_as_the_settings_say_whatever_the_address_wants(
    client: Client, openid: OpenIdProvider
) -> None:
    there = client.get(
        "/sso/oidc/login?process=connect&scope=offline_access&auth_params=prompt%3Dnone%26redirect_uri%3Dx"
    )
    asked = {name: value for name, [value] in parse_qs(urlsplit(there["Location"]).query).items()}
    assert asked["redirect_uri"] == "http://testserver/sso/oidc/callback"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) == 64
    assert "prompt" not in asked


def test_an_answer_is_good_once_and_in_the_browser_that_asked(client: Client, openid: OpenIdProvider) -> None:
    back = at_openid(client, "olga")
    stranger = Client(headers={"host": "testserver"})
    assert (stranger.get(back).status_code, who(stranger)) == (403, "")
    assert client.get(back).status_code == 302
    client.post("/logout")
    assert (client.get(back).status_code, who(client)) == (403, "")


def test_an_answer_with_another_state_is_refused(client: Client, openid: OpenIdProvider) -> None:
    code = parse_qs(urlsplit(at_openid(client, "olga")).query)["code"][0]
    for query in ({"code": code, "state": "made-up"}, {"code": code}, {}):
        assert (client.get("/sso/oidc/callback", query).status_code, who(client)) == (403, "")


def test_who_cancels_at_the_provider_is_told_so(client: Client, openid: OpenIdProvider) -> None:
    there = client.get("/sso/oidc/login")["Location"]
    back = requests.post(there, data={"name": "nobody"}, allow_redirects=False, timeout=10).headers["Location"]
    assert "error=access_denied" in back
    answer = client.get(back.removeprefix("http://testserver"))
    assert (answer.status_code, title(answer)) == (403, "You are not logged in")
    assert "cancelled" in answer.content.decode()


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9", "nonsense"])
def test_a_provider_that_is_gone_is_told_on_a_page(
    client: Client, openid: OpenIdProvider, settings: Any, issuer: str
) -> None:
    settings.SSO_OIDC_ISSUER = issuer
    answer = client.get("/sso/oidc/login")
    assert (answer.status_code, title(answer)) == (502, "You are not logged in")


def test_a_provider_that_calls_itself_something_else_is_not_believed(
    client: Client, openid: OpenIdProvider, settings: Any
) -> None:
    settings.SSO_OIDC_ISSUER = openid.url + "/"
    assert client.get("/sso/oidc/login").status_code == 502


def test_a_provider_that_goes_away_in_the_middle_is_told_on_a_page(
    client: Client, openid: OpenIdProvider, settings: Any
) -> None:
    back = at_openid(client, "olga")
    settings.SSO_OIDC_ISSUER = "http://127.0.0.1:9"
    answer = client.get(back)
    assert (answer.status_code in {403, 502}, who(client)) == (True, "")


def test_groups_that_only_userinfo_tells_count(client: Client, openid: OpenIdProvider) -> None:
    openid.spoil = lambda id_token: openid.signed({k: v for k, v in claims_of(id_token).items() if k != "groups"})
    assert through_openid(client, "olga").status_code == 302


def test_nothing_secret_is_logged(client: Client, openid: OpenIdProvider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    def spoil(id_token: str) -> str:
        seen.append(id_token)
        return openid.signed(claims_of(id_token), key=OTHER_KEY)

    openid.spoil = spoil
    back = at_openid(client, "olga")
    client.get(back)
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert "the ID token is not valid" in caplog.text
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("authlib", "werkzeug"))
    )
    assert [secret for secret in (CLIENT_SECRET, code, *openid.tokens, *seen) if secret in ours] == []


def test_after_the_logout_one_may_log_out_at_the_provider_too(client: Client, openid: OpenIdProvider) -> None:
    through_openid(client, "olga")
    answer = client.post("/logout")
    assert (answer["Location"], who(client)) == ("/logged-out", "")
    assert "Log out there as well" in client.get("/logged-out").content.decode()
    there = client.get("/sso/logout")["Location"]
    back = requests.get(there, allow_redirects=False, timeout=10).headers["Location"]
    assert back == "http://testserver/logged-out"
    assert claims_of(openid.logouts[-1]["id_token_hint"])["sub"] == "olga"
    assert "Log out there as well" not in client.get("/logged-out").content.decode()


def test_a_session_that_leads_to_no_login_is_soon_dropped(client: Client, openid: OpenIdProvider) -> None:
    client.get("/sso/oidc/login")
    assert client.session.get_expiry_age() <= 600
    drop_expired_sessions()
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    drop_expired_sessions()
    assert not Session.objects.exists()


def test_a_login_with_a_password_after_a_logout_lasts_as_ever(client: Client, openid: OpenIdProvider) -> None:
    User.objects.create_user("ana", password="a-good-password")
    through_openid(client, "olga")
    client.post("/logout")
    client.post("/login", {"username": "ana", "password": "a-good-password"})
    assert who(client) == "ana"
    assert client.session.get_expiry_age() > 24 * 3600


def test_without_the_settings_there_is_no_such_login(client: Client) -> None:
    for path in ("/sso/oidc/login", "/sso/oidc/callback?code=1&state=2"):
        assert client.get(path).status_code == 404
    assert "Log in with" not in client.get("/login").content.decode()


def test_somebody_who_is_logged_in_already_becomes_who_the_provider_says(
    client: Client, openid: OpenIdProvider
) -> None:
    through_openid(client, "olga")
    openid.people["bea"] = Person("bea", ["airline-bi"])
    through_openid(client, "bea")
    assert who(client) == "bea"
