"""Deliveries to a partner that checks who calls."""

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest

from inflight.models import Delivery
from inflight.services.deliveries import retry_delivery
from tests.factories import CustomerFactory
from tests.fakes.checking_partner import Certificates, CheckingPartner, OAuth2Partner
from tests.fakes.faulty import Fault, Received
from tests.fakes.partner import Partner
from tests.inflight.conftest import StartPartner, send

pytestmark = pytest.mark.django_db

TOKEN, PASSWORD = "t0k3n-s3cr3t", "pässw0rd:s3cr3t"
NEW_SECRET = "whsec_" + base64.b64encode(b"the new secret, 32 bytes of it..").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"the old secret, 32 bytes of it..").decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"a third secret, 32 bytes of it..").decode()
BASIC = "Basic " + base64.b64encode(f"apron:{PASSWORD}".encode()).decode()

KINDS: dict[str, tuple[dict[str, str], dict[str, str]]] = {  # what is set, and what the partner wants
    "bearer": ({"PARTNER_TOKEN": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}),
    "api_key": ({"PARTNER_TOKEN": TOKEN}, {"X-API-Key": TOKEN}),
    "basic": ({"PARTNER_USERNAME": "apron", "PARTNER_PASSWORD": PASSWORD}, {"Authorization": BASIC}),
}


def posts(partner: Partner) -> list[Received]:
    return [request for request in partner.received if request.path == "/v1/customers"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_partner_that_wants_a_credential_gets_it(start: StartPartner, kind: str) -> None:
    changes, wanted = KINDS[kind]
    partner = start(CheckingPartner(headers=wanted), PARTNER_AUTH=kind, **changes)
    CustomerFactory.create_batch(2)
    assert send().status == "delivered"
    assert (len(partner.customers), partner.refused) == (2, [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_partner_that_refuses_a_credential_needs_a_person(start: StartPartner, kind: str) -> None:
    changes, wanted = KINDS[kind]
    wrong = dict.fromkeys(changes, "wrong")
    partner = start(CheckingPartner(headers=wanted), PARTNER_AUTH=kind, **wrong)
    CustomerFactory.create_batch(2)
    delivery = send()
    assert (delivery.status, len(partner.received)) == ("failed", 1)
    assert delivery.batches.get().last_error.startswith("partner API answered 401 Unauthorized")


def test_the_header_of_an_api_key_has_the_name_that_the_partner_wants(start: StartPartner) -> None:
    partner = CheckingPartner(headers={"Ocp-Apim-Subscription-Key": TOKEN})
    start(partner, PARTNER_AUTH="api_key", PARTNER_TOKEN=TOKEN, PARTNER_API_KEY_HEADER="Ocp-Apim-Subscription-Key")
    CustomerFactory()
    assert send().status == "delivered"


def test_no_credential_goes_out_by_default(partner: Partner, settings: Any) -> None:
    settings.PARTNER_TOKEN = TOKEN
    CustomerFactory()
    send()
    assert "Authorization" not in partner.received[0].headers


def test_a_netrc_of_the_machine_is_not_asked(
    start: StartPartner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, partner: Partner
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    CustomerFactory()
    send()
    assert "Authorization" not in partner.received[0].headers
    other = start(
        CheckingPartner(headers={"Authorization": f"Bearer {TOKEN}"}), PARTNER_AUTH="bearer", PARTNER_TOKEN=TOKEN
    )
    assert send().status == "delivered"
    assert len(other.received) == 1


def test_200_customers_reach_a_partner_with_oauth2_and_mtls_that_drops_its_token_in_the_middle(
    start: StartPartner, settings: Any, certificates: Certificates
) -> None:
    settings.DELIVERY_BATCH_SIZE = 20
    partner = start(OAuth2Partner(tls=certificates.server), **certificates.settings)
    expected = [customer.last_name for customer in CustomerFactory.create_batch(200)]

    def revoke_after_the_fifth(_: Received) -> None:
        if len(partner.accepted) == 5 and not partner.revoked:
            partner.revoke_tokens()

    partner.on_answered = revoke_after_the_fifth
    delivery = send(seconds=60)
    assert delivery.status == "delivered"
    assert [customer["last_name"] for customer in partner.customers] == expected
    assert (len(partner.issued), len(partner.refused), partner.repeats) == (2, 1, [])
    sent_twice = [request for request in posts(partner) if request.body == partner.refused[0].body]
    assert [request.headers["Idempotency-Key"] for request in sent_twice] == [
        partner.refused[0].headers["Idempotency-Key"]
    ] * 2
    assert list(delivery.batches.values_list("attempts", flat=True)) == [1] * 10


def test_a_repeated_request_is_answered_even_when_the_first_answer_got_lost(start: StartPartner, settings: Any) -> None:
    settings.DELIVERY_BATCH_SIZE = 1
    partner = start(OAuth2Partner())
    CustomerFactory.create_batch(3)
    partner.fail_next(Fault(), Fault(), Fault(drop=True))  # of the token and two batches, the second's answer

    def revoke(_: Received) -> None:
        if len(partner.accepted) == 2 and not partner.revoked:
            partner.revoke_tokens()

    partner.on_received = revoke
    assert send(seconds=20).status == "delivered"
    assert len(partner.customers) == 3
    assert len(partner.repeats) == 1


def test_a_token_is_kept_from_delivery_to_delivery(start: StartPartner) -> None:
    partner = start(OAuth2Partner())
    CustomerFactory()
    send()
    send()
    assert (len(posts(partner)), len(partner.issued)) == (2, 1)


def test_a_partner_that_refuses_each_token_is_asked_twice_and_no_more(start: StartPartner) -> None:
    partner = start(OAuth2Partner())
    partner.on_received = lambda _: partner.revoke_tokens()
    CustomerFactory()
    delivery = send()
    assert delivery.status == "failed"
    assert (len(posts(partner)), len(partner.issued)) == (2, 2)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_endpoint_that_refuses_us_stops_the_delivery_and_says_so(
    start: StartPartner, settings: Any, status: int
) -> None:
    settings.DELIVERY_BATCH_SIZE = 1
    partner = start(OAuth2Partner())
    partner.fail_next(Fault(status=status, body=b'{"error": "invalid_client"}'))
    CustomerFactory.create_batch(3)
    delivery = send()
    assert (delivery.status, len(partner.received)) == ("failed", 1)
    first, *others = delivery.batches.order_by("number")
    assert first.last_error.startswith(f"partner API's token endpoint answered {status}")
    assert "invalid_client" in first.last_error
    assert first.http_status is None
    assert [batch.status for batch in others] == ["pending", "pending"]


@pytest.mark.parametrize("fault", [Fault(status=503, headers={"Retry-After": "60"}), Fault(status=200, body=b"<html>")])
def test_a_delivery_waits_for_a_token_endpoint_that_is_away(start: StartPartner, fault: Fault) -> None:
    partner = start(OAuth2Partner())
    partner.fail_next(*[fault] * 20)
    CustomerFactory()
    delivery = send()
    assert (delivery.status, posts(partner)) == ("waiting", [])
    partner.forget_faults()
    Delivery.objects.update(next_attempt_at=None)
    assert send(seconds=5).status == "delivered"


def test_a_client_without_a_secret_is_known_by_its_certificate(
    start: StartPartner, settings: Any, certificates: Certificates
) -> None:
    start(OAuth2Partner(tls=certificates.server), **certificates.settings)
    settings.PARTNER_CLIENT_SECRET = ""
    CustomerFactory()
    assert send(seconds=5).status == "delivered"


@pytest.mark.parametrize(
    ("ours", "theirs", "status"),
    [
        ([NEW_SECRET], [NEW_SECRET], "delivered"),
        ([NEW_SECRET, OLD_SECRET], [OLD_SECRET], "delivered"),
        ([NEW_SECRET, OLD_SECRET], [NEW_SECRET], "delivered"),
        ([NEW_SECRET], [NEW_SECRET, OLD_SECRET], "delivered"),
        ([NEW_SECRET.removeprefix("whsec_")], [NEW_SECRET], "delivered"),
        ([NEW_SECRET, OLD_SECRET], [OTHER_SECRET], "failed"),
        ([], [NEW_SECRET], "failed"),
    ],
)
def test_a_partner_verifies_the_signature_with_either_secret(
    start: StartPartner, ours: list[str], theirs: list[str], status: str
) -> None:
    start(CheckingPartner(webhook_secrets=theirs), PARTNER_WEBHOOK_SECRETS=ours)
    CustomerFactory(last_name="Němcová")
    assert send().status == status


def test_a_batch_has_one_webhook_id_and_each_attempt_its_own_time(start: StartPartner, settings: Any) -> None:
    settings.DELIVERY_BATCH_SIZE, settings.SEND_BUDGET_SECONDS = 1, 10
    partner = start(CheckingPartner(webhook_secrets=[NEW_SECRET]), PARTNER_WEBHOOK_SECRETS=[NEW_SECRET])
    CustomerFactory.create_batch(2)
    partner.fail_next(Fault(status=503), Fault(status=503, headers={"Retry-After": "2"}))
    assert send(seconds=20).status == "delivered"
    first = partner.received[:3]
    assert {request.headers["webhook-id"] for request in first} == {first[0].headers["Idempotency-Key"]}
    assert int(first[2].headers["webhook-timestamp"]) > int(first[0].headers["webhook-timestamp"])
    assert partner.received[3].headers["webhook-id"] != first[0].headers["webhook-id"]


def test_the_signature_is_of_the_bytes_that_go_out(partner: Partner, settings: Any) -> None:
    settings.DELIVERY_GZIP, settings.PARTNER_WEBHOOK_SECRETS = True, [NEW_SECRET]
    CustomerFactory()
    send()
    [request] = partner.received
    message = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    digest = hmac.digest(b"the new secret, 32 bytes of it..", message, hashlib.sha256)
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_what_failed_for_a_wrong_credential_goes_out_once_it_is_right(start: StartPartner, settings: Any) -> None:
    changes, wanted = KINDS["bearer"]
    partner = start(CheckingPartner(headers=wanted), PARTNER_AUTH="bearer", PARTNER_TOKEN="old")
    CustomerFactory.create_batch(3)
    delivery = send()
    assert delivery.status == "failed"
    settings.PARTNER_TOKEN = changes["PARTNER_TOKEN"]
    retry_delivery(delivery)
    assert send().status == "delivered"
    assert len(partner.customers) == 3


@pytest.mark.parametrize(("kind", "mend"), [("Bearer", "Set it to one of"), ("bearer", "Set PARTNER_TOKEN")])
def test_nothing_goes_out_without_the_credential_that_is_wanted(
    partner: Partner, settings: Any, kind: str, mend: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A web process does not look at its settings when it starts."""
    settings.PARTNER_AUTH = kind
    CustomerFactory()
    delivery = send()
    assert (delivery.status, partner.received) == ("preparing", [])
    assert delivery.next_attempt_at is not None
    assert mend in caplog.text
