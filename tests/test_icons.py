"""The admin's icon font, which `make icons` cuts down."""

from tests.icons import ROOT, font_of, glyphs_of, icons_used


def test_each_icon_that_the_admin_may_show_is_in_the_font() -> None:
    used = icons_used()
    assert "calendar_today" in used  # it stands in a rule of unfold's style sheet only
    assert used <= glyphs_of(font_of(ROOT)).keys(), "an icon is missing: `make icons`"
