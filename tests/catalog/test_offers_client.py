"""The offers service's client against a real socket: what it sends, what it makes of each answer."""

import json

import pytest

from catalog.offers_client import (
    OffersAnswer,
    OffersClient,
    OffersError,
    OffersRefused,
    OffersUnavailable,
    ServiceOffer,
)
from tests.fakes.faulty import Fault
from tests.fakes.offers import Offers

GOOD = {"id": "a", "price": 1, "items_in_stock": 1}


def ask_offers(server: Offers, answer: object) -> OffersAnswer:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    server.fail_next(Fault(status=200, body=body))
    with OffersClient(server.base_url) as client:
        return client.offers("token", "p1")


def test_the_token_travels_in_a_header_named_bearer(offers: Offers) -> None:
    ask_offers(offers, [])
    assert offers.received[-1].headers["Bearer"] == "token"


def test_the_documented_auth_has_no_token(offers: Offers) -> None:
    with OffersClient(offers.base_url) as client:
        client.request_token()
    assert "Bearer" not in offers.received[-1].headers


def test_todays_auth_sends_the_refresh_token(todays_offers: Offers) -> None:
    with OffersClient(todays_offers.base_url) as client:
        client.request_token(todays_offers.refresh_token)
    assert todays_offers.received[-1].accepted


@pytest.mark.parametrize("token", ["", "with\nbreak", "é", 5, None])
def test_a_token_that_cannot_be_sent_is_not_taken(offers: Offers, token: object) -> None:
    offers.fail_next(Fault(status=201, body=json.dumps({"access_token": token}).encode()))
    with OffersClient(offers.base_url) as client, pytest.raises(OffersUnavailable, match="not an access token"):
        client.request_token()


def test_a_registration_carries_id_name_and_description(offers: Offers) -> None:
    offers.know("token")
    with OffersClient(offers.base_url) as client:
        client.register("token", product_id="p1", name="Sekačka", description="Nejlepší")
    assert offers.received[-1].json() == {"id": "p1", "name": "Sekačka", "description": "Nejlepší"}


def test_registered_already_is_registered(offers: Offers) -> None:
    offers.fail_next(Fault(status=409))
    with OffersClient(offers.base_url) as client:
        client.register("token", product_id="p1", name="x", description="")
    assert len(offers.received) == 1


def test_offers_come_typed(offers: Offers) -> None:
    told = ask_offers(offers, [{"id": 7, "price": 1000, "items_in_stock": 5, "more": True}, GOOD])
    assert told == OffersAnswer([ServiceOffer("7", 1000, 5), ServiceOffer("a", 1, 1)])


def test_the_same_offer_twice_is_one(offers: Offers) -> None:
    assert ask_offers(offers, [GOOD, GOOD]) == OffersAnswer([ServiceOffer("a", 1, 1)])


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"",
        {"offers": []},
        [[]],
        [GOOD | {"price": 10.5}],
        [GOOD | {"price": -1}],
        [GOOD | {"price": True}],
        [GOOD | {"price": "10"}],
        [GOOD | {"price": 2**63}],
        [GOOD | {"price": 2**70}],
        [GOOD | {"items_in_stock": None}],
        [GOOD | {"id": ""}],
        [GOOD | {"id": None}],
        [GOOD | {"id": True}],
        [GOOD | {"id": "a\0"}],
        [GOOD | {"id": "a" * 256}],
        [GOOD, GOOD | {"price": 2}],
    ],
)
def test_an_answer_that_makes_no_sense_is_not_taken(offers: Offers, answer: object) -> None:
    with pytest.raises(OffersUnavailable, match="answered 200, but not"):
        ask_offers(offers, answer)


OTHER = {"id": "b", "price": 2, "items_in_stock": 0}


@pytest.mark.parametrize(
    ("bad", "unclear", "names_all", "said"),
    [
        (GOOD | {"price": 10.5}, {"a"}, True, "1 of 2 offers could not be used: 'a' (price)"),
        (GOOD | {"price": None, "items_in_stock": "5"}, {"a"}, True, "'a' (price and items_in_stock)"),
        ({"id": "a"}, {"a"}, True, "'a' (price and items_in_stock)"),
        (GOOD | {"id": None}, set(), False, "1 of 2 offers could not be used: number 1 (id)"),
        ([], set(), False, "number 1 (id)"),
        (GOOD | {"id": "x" * 200, "price": -1}, {"x" * 200}, True, f"'{'x' * 64}' (price)"),
    ],
)
def test_a_bad_offer_is_left_out_and_named_and_the_good_ones_count(
    offers: Offers, bad: object, unclear: set[str], *, names_all: bool, said: str
) -> None:
    told = ask_offers(offers, [bad, OTHER])
    assert told.offers == [ServiceOffer("b", 2, 0)]
    assert (set(told.unclear), told.names_all) == (unclear, names_all)
    assert said in told.error


def test_an_offer_that_is_told_in_two_ways_is_left_out(offers: Offers) -> None:
    told = ask_offers(offers, [GOOD, OTHER, GOOD | {"price": 2}])
    assert told.offers == [ServiceOffer("b", 2, 0)]
    assert (set(told.unclear), told.names_all) == ({"a"}, True)
    assert told.error == "1 of 3 offers could not be used: 'a' (told 2 times, each another)"


def test_of_many_bad_offers_the_first_are_named_and_all_are_counted(offers: Offers) -> None:
    told = ask_offers(offers, [OTHER, *({"id": f"bad-{n}"} for n in range(500))])
    assert told.error.startswith("500 of 501 offers could not be used: 'bad-0' (")
    assert told.error.endswith("'bad-9' (price and items_in_stock) and 490 more")
    assert len(told.unclear) == 500


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (Fault(status=400, body=b'{"code": "BAD_REQUEST", "msg": "no name"}'), OffersRefused, "no name"),
        (Fault(status=422, body=b'{"detail": [{"loc": ["name"]}]}'), OffersRefused, '"loc":["name"]'),
        (Fault(status=404, body=b"gone\0"), OffersRefused, "gone"),
        (Fault(status=302), OffersRefused, "302"),
        (Fault(status=500), OffersUnavailable, "500"),
        (Fault(status=429), OffersUnavailable, "429"),
        (Fault(drop=True), OffersUnavailable, "dropped"),
    ],
)
def test_a_failure_is_refused_or_unavailable_and_says_why(
    offers: Offers, fault: Fault, kind: type[OffersError], said: str
) -> None:
    offers.know("token", "p1")
    offers.fail_next(fault)
    with OffersClient(offers.base_url) as client, pytest.raises(kind) as caught:
        client.offers("token", "p1")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "is_outage"),
    [
        (Fault(drop=True), True),
        (Fault(status=503), True),
        (Fault(status=429), True),
        (Fault(status=500), False),
        (Fault(status=200, body=b"?"), False),
    ],
)
def test_an_outage_is_told_from_one_products_failure(offers: Offers, fault: Fault, *, is_outage: bool) -> None:
    offers.know("token", "p1")
    offers.fail_next(fault)
    with OffersClient(offers.base_url) as client, pytest.raises(OffersUnavailable) as caught:
        client.offers("token", "p1")
    assert caught.value.is_outage is is_outage
