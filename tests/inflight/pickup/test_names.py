"""Which files of an inbox are a pair, by their names."""

from datetime import UTC, datetime

import pytest

from inflight.imports.inbox import InboxFile, name_beside, pairs_of

DEFAULT = "*customers*.csv*"
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def pairs(*names: str, pattern: str = DEFAULT) -> list[tuple[str, ...]]:
    """Return the names in each pair, and of each file that waits."""
    found = {name: InboxFile(name, 1, "1", NOW) for name in names}
    return sorted(tuple(file.name for file in pair.files) for pair in pairs_of(found, pattern))


@pytest.mark.parametrize(
    ("customers", "purchases"),
    [
        ("customers.csv", "purchases.csv"),
        ("AF12-customers.csv.gz", "AF12-purchases.csv.gz"),
        ("Customers_2026.CSV", "Purchases_2026.CSV"),
        ("customers-export-customers.csv", "customers-export-purchases.csv"),
        ("customers-of-purchases.csv", "purchases-of-purchases.csv"),
    ],
)
def test_files_of_the_same_name_but_for_the_word_are_a_pair(customers: str, purchases: str) -> None:
    assert pairs(customers, purchases, "readme.txt") == [(customers, purchases)]


def test_another_remainder_or_packing_is_another_pair() -> None:
    names = ("a-customers.csv", "b-purchases.csv", "c-customers.csv.gz", "c-purchases.csv")
    assert pairs(*names) == sorted((name,) for name in names)


@pytest.mark.parametrize(
    "name",
    [
        ".customers.csv",
        "customers.csv.part",
        "customers.csv.filepart",
        "customers.csv.tmp",
        "customers.csv.done",
        "x.csv",
    ],
)
def test_what_is_being_written_or_is_something_else_is_not_looked_at(name: str) -> None:
    assert pairs(name) == []


def test_the_pattern_is_that_of_the_customers() -> None:
    names = ("cabin_customers_7.xlsx", "cabin_purchases_7.xlsx", "customers.csv", "purchases.csv")
    assert pairs(*names, pattern="cabin_Customers_*.xlsx") == [("cabin_customers_7.xlsx", "cabin_purchases_7.xlsx")]


def test_of_names_that_differ_in_case_only_one_is_taken_at_a_time() -> None:
    assert pairs("customers.csv", "CUSTOMERS.csv", "purchases.csv") == [("CUSTOMERS.csv", "purchases.csv")]


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("customers.csv", "rejects.csv"),
        ("AF12-Customers.csv.gz", "AF12-rejects.csv"),
        ("customers_AF12.csv", "rejects_AF12.csv"),
        ("cabin_customers_1.2.xlsx", "cabin_rejects_1.2.csv"),
        ("customers", "rejects.csv"),
    ],
)
def test_a_report_has_the_name_of_its_pair(name: str, beside: str) -> None:
    assert name_beside(name, "rejects.csv") == beside
