"""API clients: a key opens what its client may do, from where and as long as it may; nobody can read it later."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from config.access import clients
from config.access.clients import TooManyKeysError, create_client, new_key
from config.access.settings_checks import check_access_deployment
from config.models import ApiClient, ApiKey
from tests.sessions import the_only_writer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _closed(settings: Any) -> None:
    settings.REQUIRE_TOKEN = True
    clients.forget_keys()


def status(api: APIClient, key: str, **headers: str) -> int:
    return int(api.get("/api/data", headers={"Authorization": f"Bearer {key}", **headers}).status_code)


def made(**fields: Any) -> tuple[ApiClient, str]:
    return create_client(name="till", scopes=["data:read"], **fields)


def test_a_key_is_good_for_its_client(api: APIClient) -> None:
    assert status(api, made()[1]) == 200


def test_of_a_key_only_the_digest_is_kept() -> None:
    key = made()[1]

    (row,) = ApiKey.objects.values()

    assert len(row["digest"]) == 64
    assert not any(key in str(value) for value in row.values())
    assert key.startswith(row["ident"])


def test_two_keys_are_good_at_once_and_a_third_is_refused(api: APIClient) -> None:
    client, first = made()
    second = new_key(client)

    assert [status(api, key) for key in (first, second)] == [200, 200]
    with pytest.raises(TooManyKeysError, match="Revoke"):
        new_key(client)


def test_a_revoked_key_is_refused_and_the_other_one_goes_on(api: APIClient) -> None:
    client, first = made()
    second = new_key(client)
    assert status(api, first) == 200

    clients.revoke_key(client.keys.earliest("id"))

    assert [status(api, key) for key in (first, second)] == [401, 200]
    new_key(client)


def test_no_key_of_a_revoked_client_is_good(api: APIClient) -> None:
    client, first = made()
    assert status(api, first) == 200

    clients.revoke_client(client)

    assert status(api, first) == 401


@pytest.mark.parametrize(("hours", "code"), [(-1, 401), (1, 200)])
def test_a_client_has_an_end(api: APIClient, hours: int, code: int) -> None:
    key = made(expires_at=timezone.now() + timedelta(hours=hours))[1]

    assert status(api, key) == code


@pytest.mark.parametrize(("address", "code"), [("192.0.2.7", 200), ("198.51.100.7", 403)])
def test_a_client_may_call_from_its_networks_alone(api: APIClient, settings: Any, address: str, code: int) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    key = made(allowed_networks=["192.0.2.0/24", "2001:db8::/32"])[1]

    answer = api.get("/api/data", headers={"Authorization": f"Bearer {key}", "X-Forwarded-For": address})

    assert answer.status_code == code
    assert code == 200 or address in answer.json()["detail"]


def test_a_client_that_sends_more_than_it_may_has_to_wait(api: APIClient) -> None:
    key = made(requests_per_minute=2)[1]

    answers = [api.get("/api/data", headers={"Authorization": f"Bearer {key}"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert "2 requests per minute" in answers[2].json()["detail"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"scopes": ["data:raed"]}, "Unknown scope data:raed"),
        ({"scopes": []}, "at least one scope"),
        ({"allowed_networks": ["office"]}, "office"),
        ({"requests_per_minute": 0}, "greater than or equal to 1"),
        ({"name": "a b"}, "letters, digits"),
        ({"name": "client:a"}, "letters, digits"),
    ],
)
def test_a_client_that_cannot_be_is_not_made(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        create_client(**{"name": "till", "scopes": ["data:read"]} | fields)
    assert not ApiClient.objects.exists()


def test_what_a_client_asks_for_is_recorded_as_its_own(api: APIClient) -> None:
    key = create_client(name="till", scopes=["inflight:send"])[1]

    answer = api.post("/api/send-customers", {}, format="json", headers={"Authorization": f"Bearer {key}"})

    assert answer.json()["requested_by"] == "client:till"


def test_when_a_key_was_used_is_kept_to_the_minute(api: APIClient) -> None:
    key = made()[1]
    status(api, key)
    first = ApiKey.objects.get().last_used_at
    clients.forget_keys()
    status(api, key)

    assert first is not None
    assert ApiKey.objects.get().last_used_at == first


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="on PostgreSQL nobody waits for a writer")
def test_a_request_that_reads_does_not_wait_for_a_writer_to_note_the_use(api: APIClient) -> None:
    key = made()[1]
    with the_only_writer():
        code = status(api, key)  # it would wait for 30 s, and fail then

    assert (code, ApiKey.objects.get().last_used_at) == (200, None)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone()[0] > 0


def test_the_command_makes_changes_over_and_revokes(api: APIClient, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("api_client", "create", "till", "--scope=data:read", "--network=127.0.0.1", "--expires=2999-01-01")
    first = capsys.readouterr().out.strip()
    call_command("api_client", "new-key", "till")
    second = capsys.readouterr().out.strip()
    assert [status(api, key) for key in (first, second)] == [200, 200]

    call_command("api_client", "list")
    listed = capsys.readouterr().out
    assert "2999-01-01" in listed
    assert first[:12] in listed
    assert first not in listed

    call_command("api_client", "revoke", "till", f"--key={first[:12]}")
    assert [status(api, key) for key in (first, second)] == [401, 200]
    call_command("api_client", "revoke", "till")
    assert status(api, second) == 401


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["create", "till", "--scope=everything"], "Unknown scope everything"),
        (["new-key", "nobody"], "There is no client nobody"),
        (["revoke", "till", "--key=apron_nothing"], "0 good keys"),
    ],
)
def test_the_command_says_what_is_wrong(words: list[str], told: str) -> None:
    create_client(name="till-2" if words[0] == "create" else "till", scopes=["data:read"])

    with pytest.raises(CommandError, match=told):
        call_command("api_client", *words)


FORM = {
    "name": "till", "scopes": ["data:read", "data:write"], "allowed_networks": "192.0.2.0/24\n127.0.0.1",
    "requests_per_minute": "", "expires_at_0": "", "expires_at_1": "",
}  # fmt: skip


def test_the_admin_shows_a_new_clients_key_on_a_page_that_nobody_keeps(admin_client: Client, api: APIClient) -> None:
    answer = admin_client.post(reverse("admin:config_apiclient_add"), FORM)

    key = answer.context["key"]
    assert status(api, key) == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert not any(key in cookie.value for cookie in admin_client.cookies.values())
    client = ApiClient.objects.get()
    assert (client.scopes, client.allowed_networks) == (["data:read", "data:write"], ["192.0.2.0/24", "127.0.0.1"])
    page = admin_client.get(reverse("admin:config_apiclient_change", args=[client.pk])).content.decode()
    assert key[:12] in page
    assert key not in page


def test_the_admin_refuses_a_network_that_is_none(admin_client: Client) -> None:
    answer = admin_client.post(reverse("admin:config_apiclient_add"), FORM | {"allowed_networks": "office"})

    assert "office" in str(answer.context["adminform"].form.errors["allowed_networks"])
    assert not ApiClient.objects.exists()


def test_what_is_changed_in_the_admin_holds_at_once(admin_client: Client, api: APIClient) -> None:
    client, key = made()
    assert status(api, key) == 200

    admin_client.post(
        reverse("admin:config_apiclient_change", args=[client.pk]),
        FORM | {"scopes": ["data:write"], "keys-TOTAL_FORMS": 0, "keys-INITIAL_FORMS": 0},
    )

    assert status(api, key) == 403


def test_the_admin_makes_a_second_key_and_says_why_not_a_third(admin_client: Client, api: APIClient) -> None:
    client, _ = made()
    address = reverse("admin:config_apiclient_new_key", args=[client.pk])

    assert status(api, admin_client.post(address).context["key"]) == 200
    assert "Revoke" in admin_client.post(address).content.decode()
    assert client.keys.count() == 2


def test_the_deployment_check_warns_while_the_all_powerful_token_is_alone() -> None:
    assert [warning.id for warning in check_access_deployment()] == ["apron.W100"]
    made()
    assert check_access_deployment() == []
