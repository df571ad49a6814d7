"""The one login: what it offers, what is closed, and what is not there at all."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.databases import migrated_database
from tests.fakes.openid_provider import OpenIdProvider
from tests.fakes.saml_provider import SamlProvider
from tests.processes import ROOT
from tests.sso.walking import through_openid, who

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_login_offers_what_is_configured_and_takes_along_where_one_wanted_to_go(
    client: Client, openid: OpenIdProvider, saml: SamlProvider, settings: Any
) -> None:
    settings.SSO_OIDC_NAME = "Airline <ID>"
    page = text_of(client.get("/login?next=/workbench%3Fa=b"))
    assert (
        '<a class="button" href="/sso/oidc/login?next=%2Fworkbench%3Fa%3Db">Log in with Airline &lt;ID&gt;</a>' in page
    )
    assert '<a class="button" href="/sso/saml/login?next=%2Fworkbench%3Fa%3Db">Log in with SAML</a>' in page
    assert 'type="password"' in page
    assert "evil" not in text_of(client.get("/login?next=https://evil.example/"))


def test_passwords_can_be_turned_off(client: Client, openid: OpenIdProvider, settings: Any) -> None:
    settings.LOCAL_LOGIN = False
    User.objects.create_superuser("ana", password="a-good-password")
    assert 'type="password"' not in text_of(client.get("/login"))
    for path in ("/login", "/admin/login/"):
        answer = client.post(path, {"username": "ana", "password": "a-good-password"})
        assert answer.status_code in {302, 403}
        assert who(client) == ""
    through_openid(client, "olga")
    assert who(client) == "olga"


def test_the_admin_has_no_login_of_its_own(client: Client) -> None:
    User.objects.create_superuser("ana", password="a-good-password")
    assert client.get("/admin/login/?next=/admin/auth/")["Location"] == "/login?next=/admin/auth/"
    answer = client.post("/admin/login/", {"username": "ana", "password": "a-good-password"})
    assert (answer.status_code, answer["Location"], who(client)) == (302, "/login?next=/admin/", "")


def test_who_may_not_enter_the_admin_is_told_so_and_not_sent_round_in_circles(client: Client) -> None:
    client.force_login(User.objects.create_user("vera"))
    assert client.get("/admin/", follow=True).status_code == 403


def test_who_may_enter_the_admin_comes_in(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ana"))
    assert client.get("/admin/login/?next=/admin/login/", follow=True).status_code == 200


def test_the_logout_of_the_admin_is_that_of_the_pages(client: Client, openid: OpenIdProvider) -> None:
    through_openid(client, "olga")
    assert (client.post("/admin/logout/")["Location"], who(client)) == ("/logged-out", "")


def test_only_who_has_a_password_is_offered_to_change_it(client: Client, openid: OpenIdProvider, settings: Any) -> None:
    through_openid(client, "olga")
    assert "/second-factor" not in text_of(client.get("/admin/")) + text_of(client.get("/"))
    assert "Change password" not in text_of(client.get("/admin/"))
    client.force_login(User.objects.create_superuser("ana", password="a-good-password"))
    assert "/second-factor" in text_of(client.get("/admin/"))
    assert "Change password" in text_of(client.get("/admin/"))


@pytest.mark.parametrize(
    "name",
    [
        *("account_signup", "account_logout", "account_reset_password", "account_email", "account_change_password"),
        *("account_set_password", "account_confirm_email", "account_request_login_code", "account_inactive"),
        *("socialaccount_signup", "socialaccount_connections", "socialaccount_login_cancelled", "mfa_reauthenticate"),
        *("mfa_add_webauthn", "mfa_trust", "mfa_download_recovery_codes", "openid_connect_login", "saml_login"),
    ],
)
def test_no_other_page_of_allauth_can_be_reached(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


WITHOUT_THE_EXTRA = """
import sys
for name in ("allauth", "onelogin", "xmlsec", "lxml", "qrcode", "fido2"):
    sys.modules[name] = None  # as if it were not installed
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("check")
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
User.objects.create_superuser("ana", password="a-good-password")
client = Client()
answer = client.post("/login", {"username": "ana", "password": "a-good-password", "next": "/admin/"})
print(answer.status_code, answer["Location"], client.get("/admin/").status_code, client.get("/sso/oidc/login").status_code)
print("second-factor" in client.get("/").content.decode(), client.post("/logout")["Location"])
"""


def test_without_the_extra_all_is_as_ever(tmp_path: Path) -> None:
    with migrated_database(tmp_path) as url:
        environment = {"DATABASE_URL": url, "SECRET_KEY": "x" * 50, "API_TOKEN": "y" * 32}
        found = subprocess.run(
            [sys.executable, "-c", WITHOUT_THE_EXTRA],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert found.stdout.splitlines()[-2:] == ["302 /admin/ 200 404", "False /"], found.stderr
