"""How the offers service is reached: through a proxy, with a client certificate, by an authority of its own."""

import logging
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Product, RefreshRun
from catalog.offers_client import OffersClient, OffersError, OffersRefused, OffersUnavailable
from catalog.services.refresh import refresh_offers
from tests.catalog.conftest import known_product
from tests.fakes.checking_partner import Certificates
from tests.fakes.faulty import Fault
from tests.fakes.offers import Offers
from tests.fakes.proxy import Proxy


def test_the_offers_service_is_reached_through_a_proxy_that_wants_a_password(offers: Offers, settings: Any) -> None:
    offers.know("token")
    with Proxy() as proxy:
        settings.OFFERS_PROXY = proxy.url()
        with OffersClient(offers.base_url) as client:
            client.register("token", product_id="p1", name="x", description="")
        assert proxy.passed == [f"{offers.base_url}/products/register"]


@pytest.mark.parametrize("tunnel", [False, True])
def test_the_offers_service_may_want_our_certificate(settings: Any, tmp_path: Path, tunnel: bool) -> None:
    certificates, server = Certificates.make(tmp_path), Offers()
    server.use_tls(certificates.server)
    settings.OFFERS_CA = certificates.ca
    with Proxy() as proxy, server:
        settings.OFFERS_PROXY = proxy.url() if tunnel else ""
        with OffersClient(server.base_url) as client, pytest.raises(OffersUnavailable):
            client.request_token()
        settings.OFFERS_CLIENT_CERT, settings.OFFERS_CLIENT_KEY = certificates.client_cert, certificates.client_key
        with OffersClient(server.base_url) as client:
            assert client.request_token()
        assert len(proxy.passed) == 2 * tunnel
    assert len(server.received) == 1


@pytest.mark.django_db
def test_the_password_of_the_proxy_is_neither_in_the_run_nor_in_the_log(
    offers: Offers, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    known_product(offers, ("a", 1, 1))
    with Proxy(password="other") as proxy:
        settings.OFFERS_PROXY = proxy.url()
        refresh_offers()
        assert proxy.refused
    shown = caplog.text + repr([*RefreshRun.objects.values(), *Product.objects.values()])
    assert "407" in shown
    assert "pr0xy-s3cr3t" not in shown


def test_a_token_that_the_service_repeats_is_not_in_the_error(offers: Offers) -> None:
    offers.fail_next(Fault(status=400, body=b'{"msg": "no t0k3n-s3cr3t here"}'))
    with OffersClient(offers.base_url) as client, pytest.raises(OffersError) as caught:
        client.offers("t0k3n-s3cr3t", "p1")
    assert isinstance(caught.value, OffersRefused)
    assert str(caught.value).endswith("no [hidden] here")
