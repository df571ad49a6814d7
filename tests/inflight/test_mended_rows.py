"""Which rejected rows a page has, and what can be typed into their cells."""

import pytest
from django.test import Client

from config.admin import mended_rows
from inflight.models import Customer, ImportReject, ImportRun, Purchase
from tests.inflight.conftest import CUSTOMERS, PURCHASES, Import
from tests.inflight.mending import BAD, address, mend, operators_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return operators_client()


def test_a_page_has_so_many_rows_and_leads_to_the_next(
    operator: Client, do_import: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mended_rows, "MOST_ROWS", 2)
    run = do_import(purchases=BAD)
    page = operator.get(address(run)).content.decode()
    last = ImportReject.objects.get(run=run, line=6).pk
    assert (page.count('name="row"'), f'href="?after={last}"' in page) == (2, True)
    page = operator.get(address(run, after=last)).content.decode()
    assert (page.count('name="row"'), "Next rows" in page, "From the first row" in page) == (1, False, True)


def test_a_form_of_more_rows_than_a_page_has_is_refused(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=BAD)
    keys = [str(n) for n in range(mended_rows.MOST_ROWS + 1)]
    assert operator.post(address(run), {"row": keys, "version": keys}).status_code == 404


@pytest.mark.parametrize("keys", [["x"], ["-1"], ["9" * 30], ["0"], [""]])
def test_keys_that_no_row_has_import_nothing(operator: Client, do_import: Import, keys: list[str]) -> None:
    run = do_import(purchases=BAD)
    page = operator.post(address(run), {"row": keys, "version": ["v"]}).content.decode()
    assert "some of these rows have been corrected or erased" in page
    assert ImportRun.objects.count() == 1


def test_long_rows_are_cut_by_bytes_and_one_too_long_is_only_named(operator: Client, do_import: Import) -> None:
    long = "x" * (mended_rows.MOST_BYTES // 2 + 1)
    rows = [f"{n};1;{long};Nina;;;" for n in (71, 72, 73)]
    run = do_import(customers=[*CUSTOMERS, *rows, f"74;1;{long * 2};Nina;;;"])
    page = operator.get(address(run)).content.decode()
    assert page.count('name="row"') == 1
    last = ImportReject.objects.get(run=run, line=6).pk
    page = operator.get(address(run, after=last)).content.decode()
    assert "This row is too long to be corrected here" in page


def test_a_row_that_is_no_row_is_typed_anew(operator: Client, do_import: Import) -> None:
    run = do_import(purchases=[*PURCHASES, "6/01;1;4324"])
    page = operator.get(address(run)).content.decode()
    assert "has 3 fields, the header has 7" in page
    names = ("purchase_identifier", "customer_id", "product_id", "quantity", "price", "currency", "date")
    values = ("6/01", "1", "4324", "1", "2.5", "EUR", "2024-11-04")
    mend(operator, run, {f"5 {name}": value for name, value in zip(names, values, strict=True)})
    assert Purchase.objects.get(pk="6/01").product_id == "4324"


@pytest.mark.parametrize("text", ['a;b"c', "x\0y", "line\nend", "=1+1", "\N{GRINNING FACE}"])
def test_any_text_can_be_typed(operator: Client, do_import: Import, text: str) -> None:
    run = do_import(customers=[*CUSTOMERS, "7;9;New;Nina;;;"])
    mend(operator, run, {"4 lastname": text, "4 title": ""})
    assert Customer.objects.get(pk="7").last_name == text.replace("\0", "\N{SYMBOL FOR NULL}")
