"""The admin's icon font is unfold's, with the icons that are used and no others; `make icons` makes it."""

from hashlib import sha256

import pytest

from tests.icons import FONT, ROOT, SUMS, UNFOLD, WHERE, font_of, glyphs_of, icons_used

OURS, THEIRS = font_of(ROOT), font_of(UNFOLD)


NAMED = ["space_dashboard", "network_check", "visibility_off", "history", "close_small", "calendar_today"]


@pytest.mark.parametrize("name", NAMED)
def test_icons_are_found_wherever_they_are_named(name: str) -> None:
    """As an argument, a class's attribute, in a script's attribute, in an include, between tags, in a style sheet."""
    assert name in icons_used()


def test_the_font_has_every_icon_that_is_used() -> None:
    assert icons_used() - glyphs_of(OURS).keys() == set(), "new icons: `make icons`"


def test_an_icon_looks_as_in_the_whole_font() -> None:
    theirs = glyphs_of(THEIRS)
    other = {name for name, glyph in glyphs_of(OURS).items() if OURS["glyf"][glyph] != THEIRS["glyf"][theirs[name]]}
    assert other == set(), "unfold's font has changed: `make icons`"


def test_the_font_is_a_twentieth_of_the_whole_one() -> None:
    assert (ROOT / FONT).stat().st_size < (UNFOLD / FONT).stat().st_size / 20


@pytest.mark.parametrize("line", SUMS.read_text().splitlines())
def test_a_file_is_what_was_made(line: str) -> None:
    sum_, name = line.split()
    assert sha256((ROOT / WHERE / name).read_bytes()).hexdigest() == sum_


def test_every_file_has_a_checksum() -> None:
    assert {path.name for path in (ROOT / WHERE).iterdir()} == {FONT.name, "LICENSE", "SHA256SUMS"}
