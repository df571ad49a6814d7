"""Who gets an account through the identity provider, and what they may do."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from config.access.callers import API_TOKEN_SUB, CLIENT_SUB
from config.models import AuditEntry
from tests.fakes.openid_provider import OpenIdProvider, Person
from tests.sso.walking import roles, through_openid, title, who

pytestmark = pytest.mark.django_db


def test_the_first_login_makes_an_account_with_the_groups_of_the_provider(
    client: Client, openid: OpenIdProvider
) -> None:
    more = {"email": "Olga@example.com", "given_name": "Olga", "family_name": "Novak"}
    openid.people["olga"] = Person("olga", ["airline-ops", "all-staff"], more)
    through_openid(client, "olga")
    user = User.objects.get()
    assert (user.username, user.email, user.get_full_name()) == ("olga", "olga@example.com", "Olga Novak")
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)
    assert roles("olga") == {"operator"}
    assert client.get("/admin/").status_code == 200


def test_of_what_the_provider_tells_only_names_the_address_and_the_groups_are_kept(
    client: Client, openid: OpenIdProvider
) -> None:
    more = {"email": "olga@example.com", "given_name": "Olga", "family_name": "Novak", "phone_number": "+386 1 234"}
    openid.people["olga"] = Person("olga", ["airline-ops"], more)
    through_openid(client, "olga")
    user, account = User.objects.get(), SocialAccount.objects.get()
    assert (user.username, user.email, user.get_full_name()) == ("olga", "olga@example.com", "Olga Novak")
    assert "+386" not in str([*User.objects.values(), *SocialAccount.objects.values()])
    assert (account.provider, account.uid, account.extra_data) == (openid.url, "olga", {"groups": ["airline-ops"]})


def test_groups_are_given_and_taken_at_each_login(client: Client, openid: OpenIdProvider) -> None:
    openid.people["bea"] = Person("bea", ["airline-ops", "airline-bi"])
    through_openid(client, "bea")
    own = Group.objects.create(name="own")
    User.objects.get().groups.add(own, Group.objects.get(name="viewer"))
    assert roles("bea") == {"operator", "analyst", "viewer", "own"}

    openid.people["bea"] = Person("bea", ["airline-bi"])
    through_openid(client, "bea")

    assert roles("bea") == {"analyst", "own"}
    assert User.objects.count() == 1


def test_a_login_that_changes_no_group_is_recorded_as_a_login_alone(client: Client, openid: OpenIdProvider) -> None:
    through_openid(client, "olga")
    client.post("/logout")
    AuditEntry.objects.all().delete()
    through_openid(client, "olga")
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["login"]


def test_a_login_that_changes_groups_is_recorded_with_these_alone(client: Client, openid: OpenIdProvider) -> None:
    through_openid(client, "olga")
    openid.people["olga"] = Person("olga", ["airline-bi"])
    AuditEntry.objects.filter(act="update_user").delete()
    through_openid(client, "olga")
    changes = AuditEntry.objects.filter(act="update_user").order_by("pk").values_list("changes", flat=True)
    assert list(changes) == [{"groups": {"delete": ["operator"]}}, {"groups": {"add": ["analyst"]}}]


@pytest.mark.parametrize("groups", [[], ["all-staff"], ["Airline-Ops"], "airline", None, {"airline-ops": True}])
def test_who_is_in_no_group_of_ours_is_refused_and_gets_no_account(
    client: Client, openid: OpenIdProvider, groups: Any
) -> None:
    openid.people["eve"] = Person("eve", groups)
    answer = through_openid(client, "eve")
    assert (answer.status_code, title(answer), who(client)) == (403, "You may not use Apron", "")
    assert not User.objects.exists()


def test_who_has_lost_all_groups_may_do_nothing_any_more_in_sessions_that_are_open_either(
    client: Client, openid: OpenIdProvider
) -> None:
    through_openid(client, "olga")
    assert client.get("/workbench").status_code == 200
    refuse_olga(openid)
    assert client.get("/workbench")["Location"] == "/login?next=/workbench"


def refuse_olga(openid: OpenIdProvider) -> None:
    """Take all groups from her, and have her try to log in somewhere else."""
    openid.people["olga"] = Person("olga", [])
    assert through_openid(Client(headers={"host": "testserver"}), "olga").status_code == 403


@pytest.mark.parametrize("more", ["superuser", "group"])
def test_neither_a_superuser_nor_who_has_a_group_of_another_name_goes_on_without_groups_of_the_provider(
    client: Client, openid: OpenIdProvider, more: str
) -> None:
    through_openid(client, "olga")
    olga = User.objects.get()
    if more == "superuser":
        User.objects.update(is_superuser=True)
    else:
        own = Group.objects.create(name="own")
        own.permissions.add(Permission.objects.get(codename="view_alert"))
        olga.groups.add(own)
    assert client.get("/admin/config/alert/").status_code == 200
    AuditEntry.objects.all().delete()
    refuse_olga(openid)
    assert client.get("/admin/config/alert/").status_code == 302
    assert roles("olga") == ({"own"} if more == "group" else set())
    assert list(AuditEntry.objects.values_list("changes", flat=True)) == [{"groups": {"delete": ["operator"]}}]
    olga.refresh_from_db()
    assert not olga.has_usable_password()
    openid.people["olga"] = Person("olga", ["airline-ops"])
    through_openid(client, "olga")
    assert client.get("/admin/config/alert/").status_code == 200


def test_who_has_a_password_of_ours_too_keeps_it(client: Client, openid: OpenIdProvider) -> None:
    through_openid(client, "olga")
    olga = User.objects.get()
    olga.set_password("a-good-password")
    olga.save()
    refuse_olga(openid)
    olga.refresh_from_db()
    assert olga.check_password("a-good-password")


def test_a_local_account_is_never_taken_over(client: Client, openid: OpenIdProvider) -> None:
    local = User.objects.create_superuser("olga", "olga@example.com", "a-good-password")
    openid.people["olga"] = Person("olga", ["airline-ops"], {"email": "olga@example.com", "email_verified": True})
    through_openid(client, "olga")
    name = who(client)
    assert name not in {"", "olga"}
    assert not User.objects.get(username=name).is_superuser
    local.refresh_from_db()
    assert local.check_password("a-good-password")


@pytest.mark.parametrize("name", [API_TOKEN_SUB, API_TOKEN_SUB.upper(), f"{CLIENT_SUB}till"])
def test_nobody_is_called_as_a_program_is(client: Client, openid: OpenIdProvider, name: str) -> None:
    openid.people["olga"] = Person("olga", ["airline-ops"], {"preferred_username": name})
    through_openid(client, "olga")
    assert who(client).casefold() != API_TOKEN_SUB
    assert who(client)
    assert ":" not in who(client)


def test_the_same_name_at_another_provider_is_somebody_else(client: Client, openid: OpenIdProvider) -> None:
    through_openid(client, "olga")
    SocialAccount.objects.update(provider="https://the-one-before.example")
    through_openid(client, "olga")
    assert User.objects.count() == 2


def test_an_account_that_was_turned_off_stays_so(client: Client, openid: OpenIdProvider) -> None:
    through_openid(client, "olga")
    client.post("/logout")
    User.objects.update(is_active=False)
    answer = through_openid(client, "olga")
    assert (answer.status_code, title(answer), who(client)) == (403, "You may not use Apron", "")


def test_a_group_by_itself_counts_as_a_list_of_one(client: Client, openid: OpenIdProvider) -> None:
    openid.people["olga"] = Person("olga", "airline-ops")  # type: ignore[arg-type]  # as some providers send it
    through_openid(client, "olga")
    assert roles("olga") == {"operator"}
