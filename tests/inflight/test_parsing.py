"""The rules for a row: what is taken as it is, what is cleaned, what is refused and how it is told."""

import pytest

from config.api.imports.parsing import RowFormat, Value, reasons_of
from inflight.imports.parsing import CUSTOMER_ROW, PURCHASE_ROW

CUSTOMER = ["1", "2", "Norris", "Chuck", "06400", "Cannes", "c@n.fr"]
PURCHASE = ["2/01", "1", "0071", "1", "91.2", "EUR", "2024-11-03"]


def with_field(row: list[str], row_format: RowFormat, column: str, text: str) -> list[str]:
    return [text if name == column else value for name, value in zip(row_format.names, row, strict=True)]


def customer(column: str, text: str) -> list[str]:
    return with_field(CUSTOMER, CUSTOMER_ROW, column, text)


def purchase(column: str, text: str) -> list[str]:
    return with_field(PURCHASE, PURCHASE_ROW, column, text)


def values_of(row_format: RowFormat, *rows: list[str]) -> list[tuple[Value, ...]]:
    return [*zip(*row_format.values(zip(*rows, strict=True)), strict=True)]


def test_good_rows_become_values_with_leading_zeros_kept() -> None:
    assert values_of(CUSTOMER_ROW, CUSTOMER) == [tuple(CUSTOMER)]
    assert values_of(PURCHASE_ROW, PURCHASE) == [("2/01", "1", "0071", 1, "91.2", "EUR", "2024-11-03")]


@pytest.mark.parametrize("row_format", [CUSTOMER_ROW, PURCHASE_ROW], ids=["customer", "purchase"])
def test_many_rows_together_are_told_apart_as_each_by_itself(row_format: RowFormat) -> None:
    good = CUSTOMER if row_format is CUSTOMER_ROW else PURCHASE
    for name in row_format.names:
        bad = with_field(good, row_format, name, "\0" * 300)
        (expected,) = values_of(row_format, good)
        assert values_of(row_format, good, bad, good) == [
            expected,
            tuple(None if each == name else value for each, value in zip(row_format.names, expected, strict=True)),
            expected,
        ]
        assert [reason["field"] for reason in reasons_of(row_format, bad)] == [name]


def test_a_customer_of_whom_only_the_id_is_known_is_good() -> None:
    assert values_of(CUSTOMER_ROW, ["5", "", "", "", "", "", ""]) == [("5", "", "", "", "", "", "")]


def test_white_space_around_a_value_is_dropped() -> None:
    assert values_of(PURCHASE_ROW, [f" {text}\t" for text in PURCHASE]) == values_of(PURCHASE_ROW, PURCHASE)


@pytest.mark.parametrize("text", ["", "  ", "\u3000", "x" * 65, "a\0b"])
def test_a_key_that_is_none_is_found_among_good_ones(text: str) -> None:
    rows = [PURCHASE, purchase("customer_id", text), PURCHASE]
    assert [row[1] for row in values_of(PURCHASE_ROW, *rows)] == ["1", None, "1"]


@pytest.mark.parametrize("column", ["lastname", "city", "email", "postal_code"])
def test_a_customers_text_may_be_blank_but_not_too_long(column: str) -> None:
    assert reasons_of(CUSTOMER_ROW, customer(column, "")) == []
    assert reasons_of(CUSTOMER_ROW, customer(column, "x" * 300))[0]["message"].startswith("has 300 characters")


@pytest.mark.parametrize("text", ["3", "0", "Mme", "1.5", "x"])
def test_a_title_that_is_none_is_refused(text: str) -> None:
    assert [reason["field"] for reason in reasons_of(CUSTOMER_ROW, customer("title", text))] == ["title"]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ("quantity", ["0", "-1", "1.5", "1.000", "1,000", "1e3", "", "x", "2147483648", "\u0661", "99999999999"]),
        ("price", ["-1", "1.23456", "1e3", "", "x", "1,5", "NaN", "inf", "123456789012", ".5", "1."]),
        ("currency", ["EURO", "XXY", "", "€", "E U"]),
        (
            "date",
            [
                "2024-02-30",
                "03/11/2024",
                "20241103",
                "2024-W01-1",
                "2024-11-03T25:00",
                "2024-11-03 noon",
                "2024-02-30T10:00",
                "",
                "2024-1-3",
            ],
        ),
        ("purchase_identifier", ["", "  ", "x" * 65, "a\0b"]),
        ("customer_id", ["", "x" * 65]),
        ("product_id", ["", "x" * 65]),
    ],
)
def test_a_bad_value_is_refused_under_its_column(column: str, texts: list[str]) -> None:
    for text in texts:
        assert [reason["field"] for reason in reasons_of(PURCHASE_ROW, purchase(column, text))] == [column], text


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("quantity", "2147483647", 2147483647),
        ("quantity", "007", 7),
        ("quantity", "3.00", 3),
        ("date", "2024-11-03T10:00", "2024-11-03"),
        ("date", "2024-11-03 23:59:59+05:00", "2024-11-03"),
        ("price", "0", "0"),
        ("price", "0.0001", "0.0001"),
        ("price", "99999999999.9999", "99999999999.9999"),
        ("currency", "usd", "USD"),
        ("date", "2024-02-29", "2024-02-29"),
    ],
)
def test_a_value_at_the_edge_is_taken(column: str, text: str, value: object) -> None:
    (parsed,) = values_of(PURCHASE_ROW, purchase(column, text))
    assert parsed[PURCHASE_ROW.names.index(column)] == value


def test_every_reason_of_a_row_is_given() -> None:
    reasons = reasons_of(PURCHASE_ROW, ["", "", "", "0", "-1", "EURO", "yesterday"])
    assert [(reason["field"], reason["code"]) for reason in reasons] == [
        ("purchase_identifier", "required"),
        ("customer_id", "required"),
        ("product_id", "required"),
        ("quantity", "invalid"),
        ("price", "invalid"),
        ("currency", "invalid"),
        ("date", "invalid"),
    ]
