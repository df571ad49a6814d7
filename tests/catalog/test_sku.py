"""What a sku may be, without a database."""

import pytest
from django.core.exceptions import ValidationError

from catalog.models.sku import check_sku, is_sku, validate_sku

# EAN-13, EAN-8, UPC: numbers on goods, and the examples of GS1.
GOOD = ["4006381333931", "5901234123457", "9780201379624", "96385074", "73513537", "036000291452", "0036000291452"]


@pytest.mark.parametrize("number", GOOD)
def test_a_number_with_the_right_check_digit_is_taken_as_it_is(number: str) -> None:
    assert check_sku(number) == number
    assert is_sku(number)


@pytest.mark.parametrize("number", GOOD)
def test_a_wrong_digit_is_found_wherever_it_is(number: str) -> None:
    for place, digit in enumerate(number):
        wrong = f"{number[:place]}{(int(digit) + 1) % 10}{number[place + 1 :]}"
        assert not is_sku(wrong)
        with pytest.raises(ValueError, match=r"is not a valid (EAN-8|EAN-13|UPC): its check digit would be [0-9]"):
            check_sku(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "36000291452",
        "40063813339310",
        "4006381333931 ",
        "400638133393X",
        "4.00638E+12",
        "٤006381333931",
        "9638507\n",
    ],
)
def test_what_is_no_such_number_is_refused(text: str) -> None:
    assert not is_sku(text)
    with pytest.raises(ValidationError, match="is not an EAN-8, EAN-13 or UPC"):
        validate_sku(text)
