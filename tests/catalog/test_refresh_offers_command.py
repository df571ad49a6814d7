"""`manage.py refresh_offers`."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from catalog.models import RefreshRun
from tests.catalog.conftest import known_product
from tests.fakes.faulty import Fault
from tests.fakes.offers import Offers

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("refresh_offers", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_says_what_came_of_it(offers: Offers) -> None:
    known_product(offers, ("a", 100, 5))
    failing = known_product(offers)
    offers.fail_product(failing.pk, Fault(status=500))
    out, err = run()
    assert "2 products asked for, 1 failed; offers: 1 new, 0 changed, 0 gone" in out
    assert str(failing.pk) in err


def test_one_product_alone(offers: Offers) -> None:
    wanted = known_product(offers)
    known_product(offers)
    run("--product", str(wanted.pk))
    assert RefreshRun.objects.get().products == 1


def test_an_unknown_product_is_an_error() -> None:
    with pytest.raises(CommandError, match="no registered product"):
        run("--product", str(uuid4()))


def test_a_service_that_is_down_is_an_error(offers: Offers) -> None:
    for _ in range(5):
        known_product(offers)
    offers.down = True
    with pytest.raises(CommandError, match="5 failures in a row"):
        run()
