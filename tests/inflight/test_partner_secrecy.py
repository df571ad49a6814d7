"""What becomes of the credentials when deliveries fail: nobody reads them."""

import base64
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest
from rest_framework.test import APIClient

from inflight.models import Delivery
from inflight.partner.client import partner_client
from tests.factories import CustomerFactory
from tests.fakes.checking_partner import CheckingPartner, OAuth2Partner
from tests.fakes.faulty import Fault
from tests.fakes.proxy import Proxy
from tests.inflight.conftest import StartPartner, send
from tests.inflight.test_partner_credentials import KINDS, NEW_SECRET, OLD_SECRET, PASSWORD, TOKEN
from tests.people import client_of

pytestmark = pytest.mark.django_db


def everything_shown(delivery: Delivery, caplog: pytest.LogCaptureFixture) -> str:
    """Return what people can read of a delivery: logs, rows, the API, the admin, reprs."""
    url = f"/api/deliveries/{delivery.pk}"
    client = partner_client()
    with client:
        shown = [repr(client), *map(repr, vars(client).values())]
    pages = [APIClient().get(path).content.decode() for path in (url, "/api/deliveries", "/api/health")]
    pages.append(client_of("superuser").get(f"/admin/inflight/delivery/{delivery.pk}/change/").content.decode())
    rows = [str(batch.last_error) + repr(batch) for batch in delivery.batches.all()]
    return "\n".join([caplog.text, repr([vars(record) for record in caplog.records]), *shown, *pages, *rows])


FAULTS = {
    "refused": Fault(),
    "away": Fault(status=503, body=b"try later"),
    "dropped": Fault(drop=True),
}


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy that wants another password than ours."""
    with Proxy(password="other") as server:
        yield server


def make_partner(kind: str, proxy: Proxy) -> tuple[CheckingPartner, dict[str, Any]]:
    """Return a partner that refuses what we have, and repeats it, and what to set."""
    match kind:
        case "signature":
            return CheckingPartner(webhook_secrets=[OLD_SECRET]), {"PARTNER_WEBHOOK_SECRETS": [NEW_SECRET]}
        case "proxy":
            return CheckingPartner(), {"PARTNER_PROXY": proxy.url()}
        case "oauth2, the token is refused":
            partner = OAuth2Partner()
            partner.on_received = lambda _: partner.revoke_tokens()
            return partner, {}
        case "oauth2, the client is refused":
            partner = OAuth2Partner()
            partner.gives_tokens = False
            return partner, {}
    return CheckingPartner(headers={"X-Other": "never"}), {"PARTNER_AUTH": kind} | KINDS[kind][0]


def secrets_of(partner: CheckingPartner) -> list[str]:
    """Return all that nobody may read, in each form in which it goes out."""
    basic = [b"apron:pr0xy-s3cr3t/@", f"apron:{PASSWORD}".encode()]
    found = [TOKEN, PASSWORD, "pr0xy-s3cr3t", NEW_SECRET, NEW_SECRET.removeprefix("whsec_")]
    if isinstance(partner, OAuth2Partner):
        quoted = quote_plus(partner.client_secret)
        basic.append(f"{partner.client_id}:{quoted}".encode())
        found += [partner.client_secret, quoted, *partner.issued]
    return found + [base64.b64encode(pair).decode() for pair in basic]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "kind", [*KINDS, "oauth2, the token is refused", "oauth2, the client is refused", "signature", "proxy"]
)
def test_no_secret_is_in_a_log_an_error_a_page_or_a_repr(
    start: StartPartner, proxy: Proxy, caplog: pytest.LogCaptureFixture, kind: str, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    CustomerFactory()
    partner, changes = make_partner(kind, proxy)
    start(partner, **changes).fail_next(*[FAULTS[fault]] * 10)
    delivery = send(seconds=0.5)
    assert delivery.status in {"failed", "waiting"}
    shown = everything_shown(delivery, caplog)
    assert f"Batch 1 of delivery {delivery.pk}" in shown
    assert [secret for secret in secrets_of(partner) if secret in shown] == []
