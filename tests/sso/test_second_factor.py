"""The second factor of those who log in with a password."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from config.models import AuditEntry
from tests.fakes.openid_provider import OpenIdProvider
from tests.sso.codes import PASSWORD, SECRET, code_of, enter, enter_password
from tests.sso.walking import through_openid, who

pytestmark = pytest.mark.django_db


def test_who_has_none_logs_in_as_ever(client: Client, ana: User) -> None:
    assert enter_password(client, "/workbench")["Location"] == "/workbench"
    assert who(client) == "ana"


def test_who_has_one_is_asked_for_it_before_anything_opens(client: Client, with_app: User) -> None:
    assert enter_password(client, "/workbench")["Location"] == "/login/code"
    assert who(client) == ""
    assert client.get("/workbench").status_code == client.get("/admin/").status_code == 302
    before = client.session.session_key
    assert enter(client, code_of(SECRET))["Location"] == "/workbench"
    assert who(client) == "ana"
    assert client.session.session_key != before


def test_a_login_leads_to_no_other_site(client: Client, with_app: User) -> None:
    enter_password(client, "https://evil.example/")
    assert enter(client, code_of(SECRET))["Location"] == "/"


@pytest.mark.parametrize("steps", [-1, 1])
def test_a_telephone_may_be_half_a_minute_early_or_late(client: Client, with_app: User, steps: int) -> None:
    enter_password(client)
    enter(client, code_of(SECRET, steps))
    assert who(client) == "ana"


def test_a_code_is_good_once_whichever_web_process_is_asked(client: Client, with_app: User) -> None:
    code, other = code_of(SECRET), Client()
    for browser in (client, other):
        enter_password(browser)
    enter(client, code)
    cache.clear()  # each process has a cache of its own
    for again in (code, f" {code} ", f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}"):
        answer = enter(other, again)
        cache.clear()
        assert (answer.status_code, who(client), who(other)) == (200, "ana", "")


def test_a_recovery_code_is_good_once(client: Client, with_app: User) -> None:
    [code, *_] = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    enter_password(client)
    enter(client, code)
    assert who(client) == "ana"
    client.post("/logout")
    enter_password(client)
    assert (enter(client, code).status_code, who(client)) == (200, "")


def test_the_code_alone_opens_nothing(client: Client, with_app: User) -> None:
    answer = enter(client, code_of(SECRET))
    assert (answer.status_code, who(client)) == (302, "")
    enter_password(client, password="wrong")
    assert (enter(client, code_of(SECRET)).status_code, who(client)) == (302, "")


def test_who_comes_through_the_provider_is_asked_for_none(
    client: Client, openid: OpenIdProvider, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert through_openid(client, "olga", then="/workbench")["Location"] == "/workbench"
    TOTP.activate(User.objects.get(), SECRET)
    client.post("/logout")
    through_openid(client, "olga")
    assert who(client) == "olga"


def secret_on(page: Any) -> str:
    found = re.search(r"<code>([A-Z2-7]{32})</code>", page.content.decode())
    assert found
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    return found[1]


def recovery_codes_on(page: str) -> list[str]:
    return re.findall(r"\b\d{8}\b", page)


def test_one_sets_it_up_and_removes_it_after_saying_the_password_again(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert 'href="/second-factor"' in client.get("/").content.decode()
    asked = client.get("/second-factor/set-up")
    assert asked["Location"].startswith("/login/again")
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert client.get("/second-factor/set-up").status_code == 302

    client.post(asked["Location"], {"password": PASSWORD})
    secret = secret_on(client.get("/second-factor/set-up"))
    assert client.post("/second-factor/set-up", {"code": "12"}).status_code == 200
    assert not Authenticator.objects.exists()
    done = client.post("/second-factor/set-up", {"code": code_of(secret)}, follow=True)
    assert len(recovery_codes_on(done.content.decode())) == 10

    assert client.post("/second-factor/remove").status_code == 302
    assert not Authenticator.objects.exists()
    kept = AuditEntry.objects.filter(object_type="mfa.authenticator", actor="ana")
    assert set(kept.values_list("act", flat=True)) == {"create_authenticator", "delete_authenticator"}
    assert [each.changes["user"] for each in kept.order_by("pk")] == 2 * [[None, "ana"]] + 2 * [["ana", None]]
    assert secret not in str(list(kept.values()))


def test_where_it_is_required_nobody_is_in_before_it_is_set_up(client: Client, ana: User, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert enter_password(client, "/workbench")["Location"] == "/login/set-up"
    page = client.get("/login/set-up")
    assert "everybody who logs in with a password needs one" in page.content.decode()
    assert (client.get("/workbench").status_code, who(client)) == (302, "")
    assert client.post("/login/set-up", {"code": "123"}).status_code == 200
    code = code_of(secret_on(client.get("/login/set-up")))
    done = client.post("/login/set-up", {"code": code}).content.decode()
    assert who(client) == "ana"
    assert 'href="/workbench">Continue</a>' in done
    [first, *_] = recovery_codes_on(done)

    client.post("/logout")
    enter_password(client)
    enter(client, first)
    assert who(client) == "ana"


def test_where_it_is_required_it_is_not_removed(client: Client, with_app: User, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client.force_login(with_app)
    client.post("/login/again", {"password": PASSWORD})
    answer = client.post("/second-factor/remove")
    assert "It cannot be removed" in answer.content.decode()
    assert Authenticator.objects.count() == 2


def test_an_administrator_removes_it_for_who_has_lost_the_telephone(admin_client: Client, with_app: User) -> None:
    one = Authenticator.objects.get(type="totp")
    page = admin_client.get(f"/admin/mfa/authenticator/{one.pk}/change/").content.decode()
    assert SECRET not in page
    admin_client.post(f"/admin/mfa/authenticator/{one.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.filter(type="totp").exists()
    client = Client()
    enter_password(client)
    assert who(client) == "ana"


def delete_in_admin(admin: Client, *chosen: Authenticator) -> None:
    if len(chosen) == 1:
        admin.post(f"/admin/mfa/authenticator/{chosen[0].pk}/delete/", {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": [each.pk for each in chosen], "post": "yes"}
        admin.post("/admin/mfa/authenticator/", data)


@pytest.mark.parametrize("number", [1, 2])
def test_the_recovery_codes_go_with_the_app_and_new_ones_come_with_a_new_app(
    admin_client: Client, with_app: User, settings: Any, number: int
) -> None:
    old = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    ben = User.objects.create_user("ben")
    TOTP.activate(ben, SECRET)
    RecoveryCodes.activate(ben)
    users = [with_app, ben][:number]
    delete_in_admin(admin_client, *Authenticator.objects.filter(type="totp", user__in=users))
    assert not Authenticator.objects.filter(user__in=users).exists()
    settings.REQUIRE_SECOND_FACTOR = True
    client = Client()
    enter_password(client)
    code = code_of(secret_on(client.get("/login/set-up")))
    new = recovery_codes_on(client.post("/login/set-up", {"code": code}).content.decode())
    assert (len(new), set(new) & set(old)) == (10, set())


def test_recovery_codes_that_are_deleted_alone_leave_the_app(admin_client: Client, with_app: User) -> None:
    delete_in_admin(admin_client, Authenticator.objects.get(type="recovery_codes"))
    assert list(Authenticator.objects.values_list("type", flat=True)) == ["totp"]


def test_app_and_recovery_codes_that_are_deleted_together_are_recorded_once_each(
    admin_client: Client, with_app: User
) -> None:
    AuditEntry.objects.all().delete()
    delete_in_admin(admin_client, *Authenticator.objects.all())
    assert not Authenticator.objects.exists()
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["delete_authenticator"] * 2


def test_pages_of_the_second_factor_are_for_who_is_logged_in(client: Client) -> None:
    for path in ("", "/set-up", "/recovery-codes", "/recovery-codes/new"):
        answer = client.get(f"/second-factor{path}")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login")
