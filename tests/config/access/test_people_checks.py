"""System checks of how people log in."""

from pathlib import Path
from typing import Any

import pytest

from config.access.people_checks import check_people, check_people_deployment
from config.core.people_settings import role_pairs
from tests.fakes.saml_provider import make_key

OIDC = {"SSO_OIDC_ISSUER": "https://idp.example", "SSO_OIDC_CLIENT_ID": "a", "SSO_OIDC_CLIENT_SECRET": "hidden"}
SAML = {"SSO_SAML_METADATA_URL": "https://idp.example/metadata"}
GROUPS = {"SSO_GROUPS": [("airline-ops", "operator")]}


def found_with(settings: Any, **given: Any) -> set[str]:
    for name, value in given.items():
        setattr(settings, name, value)
    messages = check_people()
    assert not any("hidden" in f"{message.msg} {message.hint}" for message in messages)
    return {str(message.id).removeprefix("apron.") for message in messages}


@pytest.mark.parametrize(
    "given",
    [
        {},
        OIDC | GROUPS,
        SAML | GROUPS,
        OIDC | SAML | GROUPS | {"LOCAL_LOGIN": False},
        {"REQUIRE_SECOND_FACTOR": True},
        OIDC | GROUPS | {"SSO_OIDC_ISSUER": "http://127.0.0.1:1", "DEBUG": True},
    ],
)
def test_what_works_is_let_through(settings: Any, given: dict[str, Any]) -> None:
    assert found_with(settings, **given) == set()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (OIDC | GROUPS | {"SSO_OIDC_CLIENT_SECRET": ""}, "E110"),
        ({"SSO_OIDC_CLIENT_SECRET": "hidden"}, "E110"),
        (OIDC | GROUPS | {"SSO_OIDC_ISSUER": "http://idp.example"}, "E111"),
        (OIDC | GROUPS | {"SSO_OIDC_SCOPES": ["profile"]}, "E111"),
        (SAML | GROUPS | {"SSO_SAML_METADATA_URL": "http://idp.example/metadata"}, "E112"),
        (SAML | GROUPS | {"SSO_SAML_METADATA_URL": "file:///nowhere/metadata.xml"}, "E112"),
        (SAML | GROUPS | {"SSO_SAML_KEY": "hidden"}, "E113"),
        (SAML | GROUPS | {"SSO_SAML_KEY": "hidden", "SSO_SAML_CERTIFICATE": "none"}, "E113"),
        (OIDC | {"SSO_GROUPS": [("airline-ops", "admin")]}, "E114"),
        (OIDC | {"SSO_GROUPS": role_pairs(["operator"])}, "E114"),
        (OIDC, "E115"),
        (OIDC | GROUPS | {"SSO_SESSION_SECONDS": 0}, "E116"),
        (OIDC | GROUPS | {"HAS_ALLAUTH": False}, "E117"),
        ({"REQUIRE_SECOND_FACTOR": True, "HAS_ALLAUTH": False}, "E118"),
        ({"LOCAL_LOGIN": False}, "E119"),
    ],
)
def test_what_cannot_work_is_an_error(settings: Any, given: dict[str, Any], code: str) -> None:
    assert found_with(settings, **given) == {code}


def test_a_key_and_its_certificate_are_told_from_others(settings: Any, tmp_path: Path) -> None:
    (key, certificate), (_, other) = make_key(tmp_path, "ours"), make_key(tmp_path, "other")
    given = SAML | GROUPS | {"SSO_SAML_KEY": Path(key).read_text()}
    assert found_with(settings, **given, SSO_SAML_CERTIFICATE=Path(certificate).read_text()) == set()
    assert found_with(settings, **given, SSO_SAML_CERTIFICATE=Path(other).read_text()) == {"E113"}


def test_logins_in_the_clear_are_a_warning(settings: Any) -> None:
    assert check_people_deployment() == []
    settings.SSO_OIDC_ISSUER = "https://idp.example"
    assert [message.id for message in check_people_deployment()] == ["apron.W110"]
    settings.HTTPS_ONLY = True
    assert check_people_deployment() == []


def test_a_groups_name_may_hold_an_equals_sign() -> None:
    assert role_pairs(["cn=ops=operator", " a = viewer "]) == [("cn=ops", "operator"), ("a", "viewer")]
