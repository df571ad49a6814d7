"""What Apron and a provider of SAML tell each other beside assertions: metadata, keys, the end of a session."""

import base64
import copy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from lxml import etree

from tests.fakes.saml_provider import NAMESPACES, SamlProvider, changed, encrypted, make_key
from tests.sso.assertions import (
    CONFIRMATION,
    assert_refused,
    without,
)
from tests.sso.walking import post_back, through_saml, who

pytestmark = pytest.mark.django_db


def test_it_works_behind_a_proxy_that_ends_tls(client: Client, saml: SamlProvider, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = True
    client = Client(headers={"host": "testserver", "x-forwarded-proto": "https"})
    there = client.get("/sso/saml/login")["Location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    destination, xml = saml.response(query, "olga")
    assert destination == "https://testserver/sso/saml/acs"
    audience = etree.fromstring(xml.encode()).find(".//saml:Audience", NAMESPACES).text
    assert audience == "https://testserver/sso/saml/metadata"
    answer = post_back(client, {"SAMLResponse": base64.b64encode(xml.encode()).decode()})
    assert (answer.status_code, who(client)) == (302, "olga")


def test_the_metadata_may_lie_in_a_file(client: Client, saml: SamlProvider, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "metadata.xml").write_text(saml.metadata)
    settings.SSO_SAML_METADATA_URL = f"file://{tmp_path}/metadata.xml"
    assert through_saml(client, "olga").status_code == 302


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/metadata", "file:///nowhere", "nonsense"])
def test_metadata_that_cannot_be_had_is_told_on_a_page(
    client: Client, saml: SamlProvider, settings: Any, address: str
) -> None:
    settings.SSO_SAML_METADATA_URL = address
    assert_refused(client, client.get("/sso/saml/login"), status=502)


def test_with_a_key_of_ours_what_we_ask_is_signed(
    client: Client, saml: SamlProvider, settings: Any, tmp_path: Path
) -> None:
    key, certificate = make_key(tmp_path, "ours")
    settings.SSO_SAML_KEY, settings.SSO_SAML_CERTIFICATE = Path(key).read_text(), Path(certificate).read_text()
    saml.learn(client.get("/sso/saml/metadata").content.decode())
    there = client.get("/sso/saml/login")["Location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(there).query, keep_blank_values=True).items()}
    asked = saml.server.parse_authn_request(
        query["SAMLRequest"], "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        relay_state=query.get("RelayState"), sigalg=query["SigAlg"], signature=query["Signature"],
    )  # fmt: skip
    assert asked.message.issuer.text == "http://testserver/sso/saml/metadata"


def test_with_a_key_of_ours_the_provider_may_encrypt(
    client: Client, saml: SamlProvider, settings: Any, tmp_path: Path
) -> None:
    (key, certificate), (other, _) = make_key(tmp_path, "ours"), make_key(tmp_path, "other")
    settings.SSO_SAML_KEY, settings.SSO_SAML_CERTIFICATE = Path(key).read_text(), Path(certificate).read_text()
    saml.spoil = lambda xml: encrypted(xml, certificate)
    assert through_saml(client, "olga").status_code == 302
    client.post("/logout")
    User.objects.all().delete()
    for change, signed_by in ((without(CONFIRMATION, "InResponseTo"), saml.key), (lambda _: None, other)):
        saml.spoil = lambda xml, c=change, k=signed_by: encrypted(changed(xml, c, k), certificate)  # type: ignore[misc]
        assert_refused(client, through_saml(client, "olga"))


def test_a_new_certificate_of_the_provider_is_taken_beside_the_old_one(
    client: Client, saml: SamlProvider, settings: Any, tmp_path: Path
) -> None:
    _, other = make_key(tmp_path, "other")
    described = etree.fromstring(saml.metadata.encode())
    ours = described.find(".//{*}KeyDescriptor")
    before = copy.deepcopy(ours)
    lines = Path(other).read_text().splitlines()[1:-1]
    before.find(".//{*}X509Certificate").text = "".join(lines)
    ours.addprevious(before)
    (tmp_path / "metadata.xml").write_bytes(etree.tostring(described))
    settings.SSO_SAML_METADATA_URL = f"file://{tmp_path}/metadata.xml"
    assert through_saml(client, "olga").status_code == 302


def test_without_the_settings_there_is_no_such_login(client: Client) -> None:
    for path in ("/sso/saml/login", "/sso/saml/metadata", "/sso/saml/acs", "/sso/saml/sls", "/sso/another/acs"):
        assert client.get(path).status_code == 404


def test_after_the_logout_one_may_log_out_at_the_provider_too(client: Client, saml: SamlProvider) -> None:
    through_saml(client, "olga")
    assert client.post("/logout")["Location"] == "/logged-out"
    there = client.get("/sso/logout")["Location"]
    back = requests.get(there, allow_redirects=False, timeout=10).headers["Location"]
    assert saml.logouts[-1] == "olga"
    answer = client.get(back.removeprefix("http://testserver"))
    assert (answer.status_code, answer["Location"]) == (302, "/logged-out")


def test_the_provider_ends_our_session_if_it_signs_that(client: Client, saml: SamlProvider) -> None:
    through_saml(client, "olga")
    unsigned = saml.logout_request("olga", is_signed=False).removeprefix("http://testserver")
    assert client.get(unsigned).status_code == 403
    answered = client.get("/sso/saml/sls?SAMLResponse=x")
    assert (answered["Location"], who(client)) == ("/logged-out", "olga")
    answer = client.get(saml.logout_request("olga").removeprefix("http://testserver"))
    assert answer["Location"].startswith(f"{saml.url}/slo?SAMLResponse=")
    assert who(client) == ""
