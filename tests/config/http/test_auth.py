"""Credentials as hooks of requests: what they put on a request, and what nobody reads."""

import base64
import traceback
from collections.abc import Iterator

import pytest
from requests import Request
from standardwebhooks import Webhook

from config.http.auth import ApiKey, Basic, Bearer, Credential, WebhookSignature, hide, webhook_key
from config.http.client import Client, TransportError
from config.http.connection import ConnectionOptions
from config.http.oauth2 import ClientCredentials, OAuth2
from tests.fakes.faulty import Fault, FaultyServer, Received

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the specification's example
OPTIONS = ConnectionOptions(proxy="http://me:s3cr3t@127.0.0.1:9")
ALL: list[Credential] = [
    Bearer("s3cr3t"),
    ApiKey("X-Key", "s3cr3t"),
    Basic("me", "s3cr3t"),
    WebhookSignature([SECRET]),
    OAuth2(ClientCredentials("https://a/t", "me", "s3cr3t"), role="tokens", connection=OPTIONS),
]


class Echo(FaultyServer):
    """Answers with the request's headers, 400 to all."""

    def __enter__(self) -> "Echo":
        super().__enter__()
        return self

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        return 400, {}, str(request.headers).encode()


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


def signed(body: bytes | str | None, key: str = "msg-1") -> dict[str, str]:
    headers = {"Idempotency-Key": key} if key else {}
    request = Request("POST", "http://host/", headers=headers, data=body, auth=WebhookSignature([SECRET])).prepare()
    return dict(request.headers)


@pytest.mark.parametrize("body", [b'[{"last_name": "N\xc4\x9bmcov\xc3\xa1"}]', "text", b"", None])
def test_a_signature_is_what_the_specifications_own_library_verifies(body: bytes | str | None) -> None:
    Webhook(SECRET).verify(body or b"", signed(body), json_parse=False)


def test_the_signature_of_a_known_message_is_the_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1614265330.9)
    headers = signed(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek")
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_request_without_a_key_of_its_own_is_not_signed() -> None:
    with pytest.raises(ValueError, match="Idempotency-Key"):
        signed(b"[]", "")


@pytest.mark.parametrize("size", [24, 25, 26, 32, 64])
@pytest.mark.parametrize("padding", [True, False])
def test_a_webhook_secret_is_base64_of_24_to_64_bytes(size: int, padding: bool) -> None:
    encoded = base64.b64encode(b"k" * size).decode()
    assert webhook_key("whsec_" + (encoded if padding else encoded.rstrip("="))) == b"k" * size


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "žluť", "whsk_" + "k" * 40, "k" * 100]
)
def test_what_is_no_webhook_secret_is_refused_without_being_told(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^it ") as caught:
        webhook_key(secret)
    assert not secret or secret not in "".join(traceback.format_exception(caught.value))


def test_a_name_and_a_password_in_an_address_are_used_unless_there_is_a_credential(echo: Echo) -> None:
    url = echo.url.replace("//", "//me:word@")
    for auth in ([], [Bearer("t")]):
        with Client(role="echo", auth=auth) as client, pytest.raises(TransportError):
            client.call("GET", url)
    basic = "Basic " + base64.b64encode(b"me:word").decode()
    assert [request.headers["Authorization"] for request in echo.received] == [basic, "Bearer t"]


@pytest.mark.parametrize("credential", ALL, ids=lambda each: type(each).__name__)
def test_a_repr_tells_no_secret(credential: Credential) -> None:
    with Client(role="echo", auth=[credential], connection=OPTIONS) as client:
        shown = [repr(each) for each in (credential, client, OPTIONS, *vars(client).values())]
    assert [text for text in shown if "s3cr3t" in text or SECRET[6:] in text] == []


@pytest.mark.parametrize("credential", ALL[:3], ids=lambda each: type(each).__name__)
def test_what_a_service_repeats_of_a_credential_is_not_in_the_error(echo: Echo, credential: Credential) -> None:
    with Client(role="echo", auth=[credential]) as client, pytest.raises(TransportError) as caught:
        client.call("GET", echo.url)
    assert b"[hidden]" in caught.value.body
    assert not [secret for secret in credential.secrets if secret.encode() in caught.value.body]


def test_a_secret_at_the_cut_of_a_long_answer_is_not_half_there(echo: Echo) -> None:
    echo.fail_next(Fault(status=400, body=b"." * 1995 + b"s3cr3t"))
    with Client(role="echo", auth=[Bearer("s3cr3t")]) as client, pytest.raises(TransportError) as caught:
        client.call("GET", echo.url)
    assert caught.value.body.endswith(b".[hidd")


def test_whoever_keeps_an_answer_can_have_it_without_our_credentials() -> None:
    with Client(role="echo", auth=[Bearer("s3cr3t")], connection=ConnectionOptions(proxy="http://a:w0rd@p")) as client:
        assert client.redact(b"got s3cr3t by w0rd") == b"got [hidden] by [hidden]"


def test_a_secret_is_hidden_as_json_writes_it_too() -> None:
    assert hide(b'{"password": "p\\u00e4ss\\"word"}', ['päss"word']) == b'{"password": "[hidden]"}'


def test_an_empty_secret_hides_nothing() -> None:
    assert hide(b"text", ["", "x"]) == b"te[hidden]t"


def test_a_proxys_address_that_is_none_is_permanent() -> None:
    options = ConnectionOptions(proxy="http://")
    with Client(role="echo", connection=options) as client, pytest.raises(TransportError, match="proxy") as caught:
        client.call("GET", "http://127.0.0.1:9/")
    assert caught.value.permanent is True


@pytest.mark.parametrize("options", [ConnectionOptions(ca="/no/ca.pem"), ConnectionOptions(cert="/no/client.pem")])
def test_a_certificate_that_went_away_is_named(options: ConnectionOptions) -> None:
    with Client(role="echo", connection=options) as client, pytest.raises(TransportError) as caught:
        client.call("GET", "https://127.0.0.1:9/")
    assert (str(caught.value), caught.value.permanent) == ("echo: a certificate file is missing", False)
