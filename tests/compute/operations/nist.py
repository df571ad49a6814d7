"""NIST's Statistical Reference Datasets, univariate summary statistics: the values, certified mean and standard deviation.

Public data of https://www.itl.nist.gov/div898/strd/univ/homepage.html; `test_the_values_are_those_that_nist_certified`
holds them against the certified numbers in exact arithmetic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Dataset:
    """One column; what NIST certified of it, to 15 digits."""

    values: Sequence[Decimal]
    mean: Decimal
    deviation: Decimal


def _numbers(text: str) -> list[Decimal]:
    return [Decimal(number) for number in text.split()]


def _digits_of_pi(count: int) -> str:
    """By Machin's formula in whole numbers, with ten digits to spare."""
    one = int(10 ** (count + 10))

    def arccot(x: int) -> int:
        term = total = one // x
        divisor, sign = 3, -1
        while term := term // (x * x):
            total += sign * (term // divisor)
            divisor, sign = divisor + 2, -sign
        return total

    return str(Decimal(4 * (4 * arccot(5) - arccot(239))))[:count]


def _pi_digits() -> list[Decimal]:
    """As published and certified: with a 3 where the 957th digit is an 8."""
    digits = _digits_of_pi(5000)
    return [Decimal(digit) for digit in f"{digits[:956]}3{digits[957:]}"]


def _around(middle: str) -> list[Decimal]:
    """1001 values with a deviation of 0.1 around the middle."""
    tenth = Decimal("0.1")
    return [Decimal(middle), *[Decimal(middle) - tenth, Decimal(middle) + tenth] * 500]


LEW = """
    -213 -564 -35 -15 141 115 -420 -360 203 -338 -431 194 -220 -513 154 -125 -559 92 -21 -579 -52 99 -543 -175 162
    -457 -346 204 -300 -474 164 -107 -572 -8 83 -541 -224 180 -420 -374 201 -236 -531 83 27 -564 -112 131 -507 -254
    199 -311 -495 143 -46 -579 -90 136 -472 -338 202 -287 -477 169 -124 -568 17 48 -568 -135 162 -430 -422 172 -74
    -577 -13 92 -534 -243 194 -355 -465 156 -81 -578 -64 139 -449 -384 193 -198 -538 110 -44 -577 -6 66 -552 -164 161
    -460 -344 205 -281 -504 134 -28 -576 -118 156 -437 -381 200 -220 -540 83 11 -568 -160 172 -414 -408 188 -125 -572
    -32 139 -492 -321 205 -262 -504 142 -83 -574 0 48 -571 -106 137 -501 -266 190 -391 -406 194 -186 -553 83 -13 -577
    -49 103 -515 -280 201 300 -506 131 -45 -578 -80 138 -462 -361 201 -211 -554 32 74 -533 -235 187 -372 -442 182 -147
    -566 25 68 -535 -244 194 -351 -463 174 -125 -570 15 72 -550 -190 172 -424 -385 198 -218 -536 96
"""
LOTTERY = """
    162 671 933 414 788 730 817 33 536 875 670 236 473 167 877 980 316 950 456 92 517 557 956 954 104 178 794 278 147
    773 437 435 502 610 582 780 689 562 964 791 28 97 848 281 858 538 660 972 671 613 867 448 738 966 139 636 847 659
    754 243 122 455 195 968 793 59 730 361 574 522 97 762 431 158 429 414 22 629 788 999 187 215 810 782 47 34 108 986
    25 644 829 630 315 567 919 331 207 412 242 607 668 944 749 168 864 442 533 805 372 63 458 777 416 340 436 140 919
    350 510 572 905 900 85 389 473 758 444 169 625 692 140 897 672 288 312 860 724 226 884 508 976 741 476 417 831 15
    318 432 241 114 799 955 833 358 935 146 630 830 440 642 356 373 271 715 367 393 190 669 8 861 108 795 269 590 326
    866 64 523 862 840 219 382 998 4 628 305 747 247 34 747 729 645 856 974 24 568 24 694 608 480 410 729 947 293 53
    930 223 203 677 227 62 455 387 318 562 242 428 968
"""
MAVRO = """
    80 70 80 90 80 70 50 40 50 50 70 80 80 90 90 110 100 60 40 30 30 50 50 60 50 40 30 40 50 40 50 60 50 60 90 100 100
    110 120 130 140 150 170 160 160 160 170 160 150 140
"""  # hundred-thousandths above 2.001
MICHELSO = """
    85 74 90 107 93 85 95 98 98 88 100 98 93 65 76 81 100 100 96 96 96 94 96 94 88 80 85 88 90 84 83 79 81 88 88 83 80
    79 76 80 88 88 88 86 72 72 62 86 97 95 88 91 85 87 84 84 85 84 84 84 89 81 81 82 80 77 76 74 75 76 91 92 89 86 88
    72 84 85 85 78 89 84 78 81 76 81 79 81 82 85 87 87 81 74 81 94 95 80 81 87
"""  # hundredths above 299
DATASETS = {
    "PiDigits": Dataset(_pi_digits(), Decimal("4.53480000000000"), Decimal("2.86733906028871")),
    "Lottery": Dataset(_numbers(LOTTERY), Decimal("518.958715596330"), Decimal("291.699727470969")),
    "Lew": Dataset(_numbers(LEW), Decimal("-177.435000000000"), Decimal("277.332168044316")),
    "Mavro": Dataset(
        [Decimal("2.001") + number / 100_000 for number in _numbers(MAVRO)],
        Decimal("2.00185600000000"),
        Decimal("0.000429123454003053"),
    ),
    "Michelso": Dataset(
        [299 + number / 100 for number in _numbers(MICHELSO)],
        Decimal("299.852400000000"),
        Decimal("0.0790105478190518"),
    ),
    "NumAcc1": Dataset(_numbers("10000001 10000003 10000002"), Decimal(10000002), Decimal(1)),
    "NumAcc2": Dataset(_around("1.2"), Decimal("1.2"), Decimal("0.1")),
    "NumAcc3": Dataset(_around("1000000.2"), Decimal("1000000.2"), Decimal("0.1")),
    "NumAcc4": Dataset(_around("10000000.2"), Decimal("10000000.2"), Decimal("0.1")),
}
