"""Settings of the catalogue that cannot work."""

from typing import Any

import pytest

from config.core.settings_checks import check_settings


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("OFFERS_BASE_URL", "offers.example.com", "apron.E020"),
        ("OFFERS_BASE_URL", "https://offers.example.com/" + "x" * 500, "apron.E020"),
        ("OFFERS_REFRESH_TOKEN", "two words", "apron.E021"),
        ("OFFERS_REFRESH_TOKEN", "line\nbreak", "apron.E021"),
        ("REFRESH_CONCURRENCY", 0, "apron.E022"),
        ("REFRESH_CONCURRENCY", 257, "apron.E022"),
        ("HISTORY_RETENTION_DAYS", 29, "apron.E023"),
    ],
)
def test_a_setting_that_cannot_work_is_found(settings: Any, name: str, value: object, code: str) -> None:
    setattr(settings, name, value)
    assert [fault.id for fault in check_settings()] == [code]
