"""Settings with which no body could come and no answer go fail at the start."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("E140", "REQUEST_BODY_SECONDS", 0),
        ("E140", "ANSWER_STALL_SECONDS", -1.0),
        ("E140", "SLOW_CLIENT_BYTES_PER_SECOND", 0),
        ("E141", "WEB_SPOOL", "/nowhere/to/be/found"),
    ],
)
def test_a_setting_that_cannot_work_is_an_error(settings: Any, code: str, name: str, value: Any) -> None:
    setattr(settings, name, value)
    (error,) = (each for each in run_checks() if each.id == f"apron.{code}")
    assert name in error.msg
    assert error.hint


def test_a_folder_of_ours_is_no_error(settings: Any, tmp_path: Path) -> None:
    settings.WEB_SPOOL = str(tmp_path)
    assert not [each for each in run_checks() if each.id in {"apron.E140", "apron.E141"}]
