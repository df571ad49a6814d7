"""Every page that does something, the workbench's and the admin's: what it leaves in the audit."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.admin.audited import AuditedAdmin
from config.models import AuditEntry
from inflight.models import Delivery
from tests.audit.entries import ADDRESS, REQUEST_ID, entries
from tests.audit.pages import (
    ADMIN,
    CHANGED_USER,
    LOOKED_AT,
    NOTHING,
    SITE,
    SSO,
    WORKBENCH,
    Page,
    delivery,
    group,
    social_account,
    user,
)

admin.autodiscover()
pytestmark = pytest.mark.django_db


def does(client: Client, name: str, page: Page, house: Any) -> Any:
    key = page.row()
    AuditEntry.objects.all().delete()
    path = reverse(name, args=[key] if key else [])
    answer: Any = getattr(client, page.method)(path, page.data(house) if callable(page.data) else page.data)
    answer.getvalue()
    return answer


@pytest.mark.parametrize("name", ADMIN)
def test_a_page_of_the_admin_leaves_exactly_its_record(name: str, client: Client, house: Any) -> None:
    page = ADMIN[name]
    answer = does(client, f"admin:{name}", page, house)
    assert answer.status_code in (200, 302), answer.getvalue()
    assert [entry[4] for entry in entries()] == page.acts, answer.getvalue()
    assert {entry[:4] for entry in entries()} == {("user", "olga", ADDRESS, REQUEST_ID)}
    assert not LogEntry.objects.exists(), "there is one log, and not Django's"


@pytest.mark.parametrize("name", WORKBENCH)
def test_a_page_of_the_workbench_leaves_exactly_its_record(name: str, client: Client, house: Any) -> None:
    answer = does(client, name, WORKBENCH[name], house)
    assert answer.status_code in (201, 302)
    assert [entry[:5] for entry in entries()] == [("user", "olga", ADDRESS, REQUEST_ID, *WORKBENCH[name].acts)]
    assert all(entry[6] for entry in entries()), "what it was done to"


@pytest.mark.parametrize("name", ADMIN)
def test_asking_leaves_none(name: str, client: Client, house: Any) -> None:
    page = ADMIN[name]
    if page.method == "post":
        does(client, f"admin:{name}", page._replace(method="get", data=None), house)
        assert entries() == []


def test_an_action_that_is_refused_leaves_none(client: Client) -> None:
    delivered = delivery("delivered")()
    client.post(f"/admin/inflight/delivery/{delivered}/pause/")
    assert (entries(), Delivery.objects.get().is_paused) == ([], False)


def test_a_history_shows_the_audit(client: Client) -> None:
    failed = delivery("failed")()
    client.post(f"/admin/inflight/delivery/{failed}/retry/")
    page = client.get(f"/admin/inflight/delivery/{failed}/history/").content.decode()
    assert ("retry delivery" in page, "olga" in page) == (True, True)


def test_groups_of_a_user_are_recorded_by_name_and_what_is_secret_or_private_is_not(client: Client) -> None:
    vera = user()
    data = {"first_name": "Vera", "email": "vera@x.fr", "groups": [group("auditors")]}
    AuditEntry.objects.all().delete()
    client.post(f"/admin/auth/user/{vera}/change/", CHANGED_USER | data)
    changes: dict[str, Any] = {}
    for each in AuditEntry.objects.all():
        changes |= each.changes
    hidden = ["(hidden)", "(hidden)"]
    assert changes == {
        "is_staff": [False, True], "first_name": hidden, "email": hidden, "groups": {"add": ["auditors"]},
    }  # fmt: skip


def test_a_deleted_account_of_the_provider_is_recorded_with_whose_it_was_and_not_with_their_name_there(
    client: Client,
) -> None:
    one = social_account()
    AuditEntry.objects.all().delete()
    client.post(f"/admin/socialaccount/socialaccount/{one}/delete/", {"post": "yes"})
    entry = AuditEntry.objects.get()
    assert entry.changes == {"provider": ["https://idp.example", None], "user": ["vera", None]}
    assert "vera@x.fr" not in str(AuditEntry.objects.values())


def test_who_is_deleted_takes_along_second_factor_and_account_of_the_provider_which_is_recorded(client: Client) -> None:
    vera = User.objects.get(pk=user())
    Authenticator.objects.create(user=vera, type="totp", data={})
    SocialAccount.objects.create(user=vera, provider="https://idp.example", uid="1")
    AuditEntry.objects.all().delete()
    client.post(f"/admin/auth/user/{vera.pk}/delete/", {"post": "yes"})
    whose = {entry.act: (entry.changes or {}).get("user") for entry in AuditEntry.objects.all()}
    assert whose == {
        "delete_authenticator": ["vera", None], "delete_socialaccount": ["vera", None], "delete_user": None,
    }  # fmt: skip


def test_every_page_is_in_one_of_the_lists() -> None:
    found = set(_names(get_resolver().url_patterns))
    assert found == WORKBENCH.keys() | LOOKED_AT | SSO | {"logout", "logged-out"}
    site: Any = next(each for each in get_resolver().url_patterns if getattr(each, "namespace", None) == "admin")
    names = {
        each.name
        for pattern in site.url_patterns
        for each in getattr(pattern, "url_patterns", [pattern])
        if each.name and not each.name.endswith(("_csv", "_xlsx"))
    }
    rest = names - ADMIN.keys() - SITE
    assert [name for name in rest if name.rpartition("_")[2] not in NOTHING] == []


def test_every_admin_class_shows_the_audit_as_its_history() -> None:
    assert [its for its in admin.site._registry.values() if not isinstance(its, AuditedAdmin)] == []


def _names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and not pattern.namespace:
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name
