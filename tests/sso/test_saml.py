"""Log in with SAML 2.0, against a real provider."""

import base64
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from lxml import etree

from tests.fakes.saml_provider import NAMESPACES, SamlProvider, changed, encrypted, make_key
from tests.sso.walking import at_saml, post_back, roles, through_saml, title, who

pytestmark = pytest.mark.django_db

Log = pytest.LogCaptureFixture
LONG_AGO, LONG_AFTER = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


def setting(path: str, **attributes: str) -> Callable[[Any], None]:
    """Return what sets attributes of an assertion's elements."""

    def change(assertion: Any) -> None:
        found = assertion.findall(path, NAMESPACES)
        assert found
        for node in found:
            node.attrib.update(attributes)

    return change


def telling(path: str, text: str) -> Callable[[Any], None]:
    """Return what sets the text of an assertion's element."""

    def change(assertion: Any) -> None:
        assertion.find(path, NAMESPACES).text = text

    return change


def without(path: str, attribute: str = "") -> Callable[[Any], None]:
    """Return what takes an element out of an assertion, or one of its attributes."""

    def change(assertion: Any) -> None:
        node = assertion.find(path, NAMESPACES)
        if attribute:
            del node.attrib[attribute]
        else:
            node.getparent().remove(node)

    return change


def expire(assertion: Any) -> None:
    setting(".//saml:Conditions", NotOnOrAfter=LONG_AGO)(assertion)
    setting(".//saml:SubjectConfirmationData", NotOnOrAfter=LONG_AGO)(assertion)


GROUP, CONFIRMATION = ".//saml:AttributeValue", ".//saml:SubjectConfirmationData"
TAMPERED = {  # after it was signed
    "another name": (telling(".//saml:NameID", "boss"), "Signature validation failed"),
    "another group": (telling(GROUP, "airline-bi"), "Signature validation failed"),
    "another audience": (telling(".//saml:Audience", "http://testserver/else"), "not a valid audience"),
    "a later end": (setting(".//saml:Conditions", NotOnOrAfter=LONG_AFTER), "Signature validation failed"),
    "no signature": (without("ds:Signature"), "No Signature found"),
    "an empty signature": (telling(".//ds:SignatureValue", ""), "Signature validation failed"),
    "a digest of something else": (
        telling(".//ds:DigestValue", base64.b64encode(b"x" * 32).decode()),
        "Signature validation failed",
    ),
}
MISMADE = {  # and signed by the provider as it is
    "expired": (expire, "expired"),
    "not valid yet": (setting(".//saml:Conditions", NotBefore=LONG_AFTER), "not yet valid"),
    "confirmed too late": (setting(CONFIRMATION, NotOnOrAfter=LONG_AGO), "SubjectConfirmation"),
    "for another audience": (telling(".//saml:Audience", "https://another.example/metadata"), "not a valid audience"),
    "for no audience": (without(".//saml:AudienceRestriction"), "does not say that it is for us"),
    "for another recipient": (setting(CONFIRMATION, Recipient="https://another.example/acs"), "SubjectConfirmation"),
    "the answer to another login": (setting(CONFIRMATION, InResponseTo="_another"), "SubjectConfirmation"),
    "the answer to no login": (without(CONFIRMATION, "InResponseTo"), "does not say which login"),
    "by another issuer": (telling("saml:Issuer", "https://evil.example/metadata"), "Invalid issuer"),
    "of a transient name": (
        setting(".//saml:NameID", Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
        "transient",
    ),
    "without a name": (without("saml:Subject"), "SubjectConfirmation"),
    "without an end": (without(".//saml:Conditions"), "must include a Conditions"),
}


def assert_refused(client: Client, answer: Any, status: int = 403) -> None:
    assert (answer.status_code, title(answer), who(client)) == (status, "You are not logged in", "")
    assert not User.objects.exists()


def test_a_login_leads_to_where_one_wanted_to_go_with_a_new_session(client: Client, saml: SamlProvider) -> None:
    form = at_saml(client, "olga", then="/workbench")
    before = client.session.session_key
    answer = post_back(client, form)
    assert (answer.status_code, answer["Location"]) == (302, "/workbench")
    assert (who(client), roles("olga")) == ("olga", {"operator"})
    assert client.session.session_key != before
    assert (User.objects.get().email, User.objects.get().first_name) == ("olga@example.com", "Olga")


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_assertion_is_refused(client: Client, saml: SamlProvider, caplog: Log, how: str) -> None:
    change, why = TAMPERED[how]
    saml.spoil = lambda xml: changed(xml, change)
    assert_refused(client, through_saml(client, "olga"))
    assert why in caplog.text


@pytest.mark.parametrize("how", MISMADE)
def test_an_assertion_that_is_not_for_us_now_is_refused(
    client: Client, saml: SamlProvider, caplog: Log, how: str
) -> None:
    change, why = MISMADE[how]
    saml.spoil = lambda xml: changed(xml, change, saml.key)
    assert_refused(client, through_saml(client, "olga"))
    assert why in caplog.text


def test_what_is_signed_again_with_the_providers_key_is_taken(client: Client, saml: SamlProvider) -> None:
    """The other tests show something only if this is so."""
    saml.spoil = lambda xml: changed(xml, telling(".//saml:NameID", "lea"), saml.key)
    assert through_saml(client, "olga").status_code == 302
    assert who(client) == "olga"  # the address is still hers, and so is the name of the account


def test_an_assertion_signed_with_another_key_is_refused(client: Client, saml: SamlProvider, tmp_path: Path) -> None:
    other, _ = make_key(tmp_path, "other")
    saml.spoil = lambda xml: changed(xml, lambda _: None, other)
    assert_refused(client, through_saml(client, "olga"))


def test_an_unsigned_assertion_is_refused(client: Client, saml: SamlProvider) -> None:
    saml.options = {"sign_assertion": False}
    assert_refused(client, through_saml(client, "olga"))


def test_an_assertion_is_good_once(client: Client, saml: SamlProvider) -> None:
    form = at_saml(client, "olga")
    assert post_back(client, form).status_code == 302
    client.post("/logout")
    answer = post_back(client, form)
    assert (answer.status_code, who(client)) == (403, "")


def test_an_assertion_is_good_only_in_the_browser_whose_login_it_answers(client: Client, saml: SamlProvider) -> None:
    thief = Client(headers={"host": "testserver"})
    form = at_saml(client, "olga")
    assert_refused(thief, post_back(thief, form))
    mine = response_in(at_saml(thief, "bea"))
    stolen = response_in(form)
    stolen.set("InResponseTo", mine.get("InResponseTo"))  # which nobody has signed
    assert_refused(thief, post_back(thief, as_form(stolen)))


def response_in(form: dict[str, str]) -> Any:
    return etree.fromstring(base64.b64decode(form["SAMLResponse"]))


def as_form(response: Any) -> dict[str, str]:
    return {"SAMLResponse": base64.b64encode(etree.tostring(response)).decode(), "RelayState": ""}


def test_an_answer_that_nobody_asked_for_is_refused(client: Client, saml: SamlProvider) -> None:
    response = response_in(at_saml(client, "olga"))
    del response.attrib["InResponseTo"]
    assert_refused(client, post_back(client, as_form(response)))


@pytest.mark.parametrize("place", ["before", "after", "within", "around"])
def test_a_forged_assertion_beside_the_signed_one_is_refused(client: Client, saml: SamlProvider, place: str) -> None:
    response = response_in(at_saml(client, "olga"))
    signed = response.find("saml:Assertion", NAMESPACES)
    forged = copy.deepcopy(signed)
    forged.remove(forged.find("ds:Signature", NAMESPACES))
    forged.set("ID", "forged")
    forged.find(".//saml:NameID", NAMESPACES).text = "boss"
    if place == "before":
        signed.addprevious(forged)
    elif place == "after":
        signed.addnext(forged)
    elif place == "within":
        etree.SubElement(signed.find("ds:Signature", NAMESPACES), f"{{{NAMESPACES['ds']}}}Object").append(forged)
    else:
        signed.addprevious(forged)
        advice = etree.SubElement(forged, f"{{{NAMESPACES['saml']}}}Advice")
        advice.append(signed)
    assert_refused(client, post_back(client, as_form(response)))


def test_a_comment_cuts_no_name_short(client: Client, saml: SamlProvider) -> None:
    """The signature does not see comments: whoever is called olga.evil there must not become olga here."""
    saml.people["olga.evil"] = ["airline-ops"]
    through_saml(client, "olga")
    response = response_in(at_saml(client, "olga.evil"))
    name = response.find(".//saml:NameID", NAMESPACES)
    name.text = "olga"
    name.append(etree.Comment(""))
    name[0].tail = ".evil"
    post_back(client, as_form(response))
    assert who(client) == "olga.evil"


RUBBISH = {
    "nothing": "",
    "no base64": "%%%",
    "no XML": base64.b64encode(b"hello").decode(),
    "a doctype": base64.b64encode(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>').decode(),
    "another document": base64.b64encode(b"<a/>").decode(),
    "too much": "A" * 600_000,
}


@pytest.mark.parametrize("what", RUBBISH)
def test_rubbish_is_refused_and_fills_no_table(client: Client, saml: SamlProvider, what: str) -> None:
    before = Session.objects.count()
    answer = client.post("/sso/saml/acs", {"SAMLResponse": RUBBISH[what]})
    assert (answer.status_code, title(answer)) == (403, "You are not logged in")
    assert Session.objects.count() == before


@pytest.mark.parametrize("path", ["/sso/saml/acs", "/sso/saml/acs/finish", "/sso/saml/sls"])
def test_who_just_goes_there_is_told_that_it_is_no_login(client: Client, saml: SamlProvider, path: str) -> None:
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example"])
def test_a_login_leads_to_no_other_site(client: Client, saml: SamlProvider, elsewhere: str) -> None:
    form = at_saml(client, "olga", then=elsewhere)
    assert post_back(client, form | {"RelayState": elsewhere})["Location"] == "/"


def test_who_is_in_no_group_of_ours_is_refused(client: Client, saml: SamlProvider) -> None:
    saml.people["eve"] = ["all-staff"]
    answer = through_saml(client, "eve")
    assert (answer.status_code, title(answer)) == (403, "You may not use Apron")
    assert not User.objects.exists()


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
