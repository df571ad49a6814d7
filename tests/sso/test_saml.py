"""Log in with SAML 2.0, against a real provider."""

import base64
import copy
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from lxml import etree

from tests.fakes.saml_provider import NAMESPACES, SamlProvider, changed, make_key
from tests.sso.assertions import (
    CONFIRMATION,
    GROUP,
    LONG_AFTER,
    LONG_AGO,
    assert_refused,
    expire,
    setting,
    telling,
    without,
)
from tests.sso.walking import at_saml, post_back, roles, through_saml, title, who

pytestmark = pytest.mark.django_db

Log = pytest.LogCaptureFixture
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
