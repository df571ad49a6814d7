"""The way through an identity provider and back, without a browser."""

import html
import re
from http.cookies import SimpleCookie
from typing import Any

import requests
from django.contrib.auth.models import User
from django.test import Client

HERE = "http://testserver"
FIELD = re.compile(r'<input type=hidden name="(\w+)" value="([^"]*)">')


def at_openid(client: Client, name: str, then: str = "") -> str:
    """Go to the OpenID provider and log in there as `name`; return the path that it sends the browser back to."""
    there = client.get("/sso/oidc/login", {"next": then} if then else {})
    assert there.status_code == 302, there.content.decode()
    back = requests.post(there["Location"], data={"name": name}, allow_redirects=False, timeout=10)
    return back.headers["Location"].removeprefix(HERE)


def through_openid(client: Client, name: str, then: str = "") -> Any:
    """Log in through the OpenID provider; return the answer to the last step."""
    return client.get(at_openid(client, name, then))


def who(client: Client) -> str:
    """Return the name of who is logged in, or ""."""
    user = client.session.get("_auth_user_id")
    return User.objects.get(pk=user).username if user else ""


def roles(name: str) -> set[str]:
    """Return the groups of a user."""
    return set(User.objects.get(username=name).groups.values_list("name", flat=True))


def title(answer: Any) -> str:
    """Return the heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", answer.content.decode())
    return found[1] if found else ""


def at_saml(client: Client, name: str, then: str = "") -> dict[str, str]:
    """Go to the SAML provider and log in there as `name`; return the form that it has the browser post back."""
    there = client.get("/sso/saml/login", {"next": then} if then else {})
    assert there.status_code == 302, there.content.decode()
    page = requests.post(there["Location"], data={"name": name}, timeout=10)
    page.raise_for_status()
    assert f'action="{HERE}/sso/saml/acs"' in page.text
    return {field: html.unescape(value) for field, value in FIELD.findall(page.text)}


def post_back(client: Client, form: dict[str, str]) -> Any:
    """Post the provider's answer as a browser does, without cookies of ours; return the answer to the last step."""
    cookies, client.cookies = client.cookies, SimpleCookie()
    received = client.post("/sso/saml/acs", form)
    cookies.update(client.cookies)
    client.cookies = cookies
    if received.status_code != 302:
        return received
    assert received["Location"] == "/sso/saml/acs/finish"
    return client.get("/sso/saml/acs/finish")


def through_saml(client: Client, name: str, then: str = "") -> Any:
    """Log in through the SAML provider; return the answer to the last step."""
    return post_back(client, at_saml(client, name, then))
