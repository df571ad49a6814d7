"""Changes of an assertion of SAML, and what it looks like to be refused."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from tests.fakes.saml_provider import NAMESPACES
from tests.sso.walking import title, who

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


def assert_refused(client: Client, answer: Any, status: int = 403) -> None:
    assert (answer.status_code, title(answer), who(client)) == (status, "You are not logged in", "")
    assert not User.objects.exists()
