"""Settings with which nobody could be reached fail at start, each with a mend, and no message holds a secret."""

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import KeySerializationEncryption as Encryption
from django.test import RequestFactory
from django.views.debug import get_exception_reporter_filter

from config.http.settings_checks import check_outgoing, check_outgoing_deployment
from tests.config.core.test_settings_checks import manage_check
from tests.fakes.checking_partner import Certificates

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OAUTH2 = {
    "PARTNER_AUTH": "oauth2",
    "PARTNER_TOKEN_URL": "https://partner.example/token",
    "PARTNER_CLIENT_ID": "apron",
    "PARTNER_CLIENT_SECRET": "s3cr3t",
}
BASIC = {"PARTNER_AUTH": "basic", "PARTNER_USERNAME": "apron", "PARTNER_PASSWORD": "s3cr3t"}
FAULTS: list[tuple[str, str, dict[str, Any]]] = [  # code, the setting that is named, what is set
    ("E040", "PARTNER_AUTH", {"PARTNER_AUTH": "digest"}),
    ("E041", "PARTNER_TOKEN", {"PARTNER_AUTH": "bearer"}),
    ("E041", "PARTNER_TOKEN", {"PARTNER_AUTH": "api_key"}),
    ("E041", "PARTNER_API_KEY_HEADER", {"PARTNER_AUTH": "api_key", "PARTNER_TOKEN": "t", "PARTNER_API_KEY_HEADER": ""}),
    ("E041", "PARTNER_USERNAME", BASIC | {"PARTNER_USERNAME": ""}),
    ("E041", "PARTNER_PASSWORD", BASIC | {"PARTNER_PASSWORD": ""}),
    *[("E041", name, OAUTH2 | {name: ""}) for name in OAUTH2 if name != "PARTNER_AUTH"],
    ("E042", "PARTNER_TOKEN", {"PARTNER_TOKEN": "s3cr3t\n"}),
    ("E042", "PARTNER_TOKEN", {"PARTNER_TOKEN": "s3cr3t s3cr3t"}),
    ("E042", "PARTNER_TOKEN", {"PARTNER_TOKEN": "s3cr3tž"}),
    ("E042", "PARTNER_API_KEY_HEADER", {"PARTNER_API_KEY_HEADER": "X-Key: s3cr3t"}),
    ("E042", "PARTNER_USERNAME", BASIC | {"PARTNER_USERNAME": "a:s3cr3t"}),
    ("E043", "CUSTOMERS_API_URL", {"CUSTOMERS_API_URL": "https://apron:s3cr3t@partner.example/"}),
    ("E044", "PARTNER_TOKEN_URL", OAUTH2 | {"PARTNER_TOKEN_URL": "http://partner.example/token"}),
    ("E044", "PARTNER_TOKEN_URL", OAUTH2 | {"PARTNER_TOKEN_URL": "partner.example/token"}),
    ("E044", "PARTNER_TOKEN_URL", OAUTH2 | {"PARTNER_TOKEN_URL": "https://[s3cr3t/token"}),
    ("E044", "PARTNER_TOKEN_URL", OAUTH2 | {"PARTNER_TOKEN_URL": "https://a:s3cr3t@partner.example/token"}),
    ("E045", "PARTNER_WEBHOOK_SECRETS", {"PARTNER_WEBHOOK_SECRETS": [SECRET] * 3}),
    ("E046", "PARTNER_WEBHOOK_SECRETS", {"PARTNER_WEBHOOK_SECRETS": [SECRET, "whsec_s3cr3t"]}),
    ("E047", "PARTNER_CLIENT_CERT", {"PARTNER_CLIENT_CERT": "/no/such/file"}),
    ("E047", "PARTNER_CA", {"PARTNER_CA": "/"}),
    ("E047", "OFFERS_CA", {"OFFERS_CA": "-----BEGIN s3cr3t" * 1000}),  # its contents, by OFFERS_CA_FILE
    ("E048", "PARTNER_CA", {"PARTNER_CA": __file__}),
    ("E048", "PARTNER_CLIENT_CERT", {"PARTNER_CLIENT_CERT": __file__}),
    ("E048", "OFFERS_CLIENT_KEY", {"OFFERS_CLIENT_KEY": __file__}),
    ("E049", "PARTNER_PROXY", {"PARTNER_PROXY": "proxy.example:3128"}),
    ("E049", "PARTNER_PROXY", {"PARTNER_PROXY": "http://apron:s3cr3t/@proxy.example:3128"}),
    ("E049", "OFFERS_PROXY", {"OFFERS_PROXY": "socks5://proxy.example:1080"}),
    ("E049", "OFFERS_PROXY", {"OFFERS_PROXY": "http://"}),
]
FINE: list[dict[str, Any]] = [
    {"PARTNER_AUTH": "bearer", "PARTNER_TOKEN": "t"},
    {"PARTNER_AUTH": "api_key", "PARTNER_TOKEN": "t"},
    BASIC,
    OAUTH2,
    OAUTH2 | {"PARTNER_TOKEN_URL": "http://localhost/token", "DEBUG": True},
    {"PARTNER_WEBHOOK_SECRETS": [SECRET, SECRET]},
    {"PARTNER_PROXY": "http://apron:s3cr3t%2F@proxy.example:3128", "OFFERS_PROXY": "https://proxy.example"},
]


def change(settings: Any, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)


@pytest.mark.parametrize(("code", "name", "changes"), FAULTS)
def test_a_setting_that_cannot_work_is_an_error_with_a_mend(
    settings: Any, code: str, name: str, changes: dict[str, Any]
) -> None:
    change(settings, changes)
    [message] = check_outgoing()
    assert (message.id, message.is_serious()) == (f"apron.{code}", True)
    assert name in message.msg
    assert message.hint
    assert "s3cr3t" not in f"{message.msg} {message.hint}"


@pytest.mark.parametrize("changes", FINE)
def test_combinations_that_work_are_fine(settings: Any, changes: dict[str, Any]) -> None:
    change(settings, changes)
    assert check_outgoing() == []


def write_key(path: Path, encryption: Encryption) -> str:
    key = generate_private_key(SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return str(path)


@pytest.mark.parametrize("prefix", ["PARTNER", "OFFERS"])
def test_a_certificate_goes_with_its_key_and_no_other(settings: Any, tmp_path: Path, prefix: str) -> None:
    made = Certificates.make(tmp_path)
    names = {f"{prefix}_CLIENT_CERT": made.client_cert, f"{prefix}_CA": made.ca}
    other = write_key(tmp_path / "other.key", NoEncryption())
    locked = write_key(tmp_path / "locked.key", BestAvailableEncryption(b"s3cr3t"))
    change(settings, names | {f"{prefix}_CLIENT_KEY": made.client_key})
    assert check_outgoing() == []
    for key in (other, locked, ""):
        setattr(settings, f"{prefix}_CLIENT_KEY", key)
        assert [message.id for message in check_outgoing()] == ["apron.E048"]


def test_a_certificate_says_who_a_client_without_a_secret_is(settings: Any, tmp_path: Path) -> None:
    made = Certificates.make(tmp_path)
    settings.PARTNER_CLIENT_CERT, settings.PARTNER_CLIENT_KEY = made.client_cert, made.client_key
    change(settings, OAUTH2 | {"PARTNER_CLIENT_SECRET": ""})
    assert check_outgoing() == []


def test_credentials_in_the_clear_are_warned_of_before_deployment(settings: Any) -> None:
    settings.CUSTOMERS_API_URL = "http://partner.example/"
    assert check_outgoing_deployment() == []
    change(settings, BASIC)
    assert [message.id for message in check_outgoing_deployment()] == ["apron.W005"]
    settings.CUSTOMERS_API_URL = "https://partner.example/"
    assert check_outgoing_deployment() == []


def test_a_credential_that_is_not_sent_is_warned_of(settings: Any) -> None:
    settings.CUSTOMERS_API_URL = "https://partner.example/"
    settings.PARTNER_TOKEN = "t0k3n"
    (message,) = check_outgoing_deployment()
    assert (message.id, message.msg) == (
        "apron.W006",
        "PARTNER_TOKEN is set, and PARTNER_AUTH is none: it is not sent.",
    )


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0k3n\n")
    assert "apron.E041" in manage_check(PARTNER_AUTH="bearer").stderr
    done = manage_check(PARTNER_AUTH="bearer", PARTNER_TOKEN_FILE=str(tmp_path / "token"))
    assert (done.returncode, done.stderr) == (0, "")


SECRETS = {
    "DATABASE_URL",
    "OFFERS_PROXY",
    "OFFERS_REFRESH_TOKEN",
    "PARTNER_CLIENT_SECRET",
    "PARTNER_PASSWORD",
    "PARTNER_PROXY",
    "PARTNER_TOKEN",
    "PARTNER_WEBHOOK_SECRETS",
}


def test_djangos_page_about_an_error_shows_no_secret(settings: Any) -> None:
    change(settings, dict.fromkeys(SECRETS, "s3cr3t"))
    request = RequestFactory().get("/")
    request.META |= dict.fromkeys(SECRETS, "s3cr3t")  # runserver puts the environment there
    hider = get_exception_reporter_filter(request)
    assert "s3cr3t" not in repr([hider.get_safe_settings(), hider.get_safe_request_meta(request)])
    assert hider.get_safe_settings()["DELIVERY_BATCH_SIZE"] == settings.DELIVERY_BATCH_SIZE
