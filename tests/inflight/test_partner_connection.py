"""Deliveries to a partner with TLS of its own, and through proxies."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.factories import CustomerFactory
from tests.fakes.checking_partner import Certificates, CheckingPartner, OAuth2Partner
from tests.fakes.proxy import Proxy
from tests.inflight.conftest import StartPartner, send

pytestmark = pytest.mark.django_db


def test_a_partner_whose_certificate_we_do_not_know_is_waited_for(
    start: StartPartner, certificates: Certificates
) -> None:
    partner = start(CheckingPartner(tls=certificates.server), **certificates.settings | {"PARTNER_CA": ""})
    CustomerFactory()
    delivery = send()
    assert (delivery.status, partner.received) == ("waiting", [])
    reason = "the TLS handshake failed (self-signed certificate in certificate chain)"
    assert delivery.batches.get().last_error == f"partner API: {reason}"


def test_a_partner_that_wants_our_certificate_is_waited_for(start: StartPartner, certificates: Certificates) -> None:
    partner = start(CheckingPartner(tls=certificates.server), PARTNER_CA=certificates.ca)
    CustomerFactory()
    delivery = send()
    assert (delivery.status, partner.received) == ("waiting", [])
    # TLS 1.3 says so after the handshake: its alert may come before or after the end of the connection
    assert re.search("TLS handshake failed|was dropped", delivery.batches.get().last_error)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_partners_authority_wins_over_the_machines(
    start: StartPartner, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    monkeypatch.setenv(variable, Certificates.make(tmp_path).ca)
    start(CheckingPartner(tls=certificates.server), **certificates.settings)
    CustomerFactory()
    assert send(seconds=5).status == "delivered"


def test_the_partner_is_reached_through_a_proxy_that_wants_a_password(start: StartPartner) -> None:
    CustomerFactory()
    with Proxy() as proxy:
        partner = start(CheckingPartner(), PARTNER_PROXY=proxy.url())
        assert send().status == "delivered"
    assert (proxy.passed, len(partner.customers)) == ([partner.customers_url], 1)
    assert "Proxy-Authorization" not in partner.received[0].headers


def test_oauth2_and_mtls_go_through_a_tunnel_of_the_proxy(start: StartPartner, certificates: Certificates) -> None:
    CustomerFactory()
    with Proxy() as proxy:
        changes = certificates.settings | {"PARTNER_PROXY": proxy.url()}
        partner = start(OAuth2Partner(tls=certificates.server), **changes)
        assert send(seconds=5).status == "delivered"
        assert proxy.passed == [f"127.0.0.1:{partner.port}"] * 2  # for the token, for the customers
    assert "Proxy-Authorization" not in partner.received[0].headers


@pytest.mark.parametrize(("tls", "status"), [(False, "failed"), (True, "waiting")])
def test_a_proxy_that_refuses_us_is_named(
    start: StartPartner, certificates: Certificates, tls: bool, status: str
) -> None:
    CustomerFactory()
    with Proxy() as proxy:
        changes = certificates.settings if tls else {}
        partner = CheckingPartner(tls=certificates.server if tls else None)
        start(partner, PARTNER_PROXY=proxy.url("apron:wrong"), **changes)
        delivery = send()
        assert (delivery.status, partner.received) == (status, [])
        assert "proxy" in delivery.batches.get().last_error.lower()


def test_a_proxy_in_the_environment_is_used_unless_the_settings_name_one(
    start: StartPartner, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    CustomerFactory()
    with Proxy() as of_the_machine, Proxy() as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", of_the_machine.url())
        start(CheckingPartner())
        send()
        assert (len(of_the_machine.passed), len(proxy.passed)) == (1, 0)
        settings.PARTNER_PROXY = proxy.url()
        send()
        assert (len(of_the_machine.passed), len(proxy.passed)) == (1, 1)
