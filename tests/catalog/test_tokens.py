"""The access token: asked for once, kept, renewed where the profile allows it, by one process at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import ServiceToken
from catalog.offers_client import OffersRefused, OffersUnavailable
from catalog.services.tokens import current_token, renew_token
from tests.fakes.faulty import Fault
from tests.fakes.offers import Offers

pytestmark = pytest.mark.django_db


def test_the_token_is_asked_for_once(offers: Offers) -> None:
    tokens = {current_token() for _ in range(3)}
    assert (len(tokens), len(offers.calls("/auth"))) == (1, 1)


def test_another_service_does_not_get_the_token(offers: Offers, settings: Any) -> None:
    first = current_token()
    with Offers() as other:
        settings.OFFERS_BASE_URL = other.base_url
        assert current_token() != first


def test_the_documented_token_is_never_replaced(offers: Offers) -> None:
    kept = current_token()
    with pytest.raises(OffersRefused, match="delete it in the admin"):
        renew_token(kept)
    assert (current_token(), len(offers.calls("/auth"))) == (kept, 1)


def test_todays_token_is_renewed(todays_offers: Offers) -> None:
    stale = current_token()
    todays_offers.expire_token()
    renewed = renew_token(stale)
    assert renewed != stale
    assert current_token() == renewed


def test_a_token_that_another_process_renewed_is_used(todays_offers: Offers) -> None:
    ServiceToken.objects.create(base_url=todays_offers.base_url, token="renewed elsewhere")
    assert renew_token("stale") == "renewed elsewhere"
    assert todays_offers.calls("/auth") == []


def test_a_refusal_is_not_asked_again_for_a_while(todays_offers: Offers) -> None:
    todays_offers.know("lost on the way")
    with pytest.raises(OffersRefused, match="another is valid"):
        current_token()
    with pytest.raises(OffersUnavailable, match="the next request is at"):
        current_token()
    assert len(todays_offers.calls("/auth")) == 1


def test_after_the_while_it_is_asked_again(todays_offers: Offers) -> None:
    todays_offers.fail_next(Fault(status=400))
    with pytest.raises(OffersRefused):
        current_token()
    ServiceToken.objects.update(ask_again_at=timezone.now() - timedelta(seconds=1))
    assert current_token()


def test_retry_after_lengthens_the_while(offers: Offers) -> None:
    offers.fail_next(Fault(status=429, headers={"Retry-After": "900"}))
    with pytest.raises(OffersUnavailable):
        current_token()
    ask_again_at = ServiceToken.objects.get().ask_again_at
    assert ask_again_at
    assert ask_again_at > timezone.now() + timedelta(seconds=800)


@pytest.mark.django_db(transaction=True)
def test_several_that_need_a_token_at_once_make_one_call(offers: Offers) -> None:
    offers.latency = 0.2

    def ask(_: int) -> str:
        try:
            return current_token()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        tokens = set(pool.map(ask, range(3)))
    assert (len(tokens), len(offers.calls("/auth"))) == (1, 1)
