"""Settings of metrics: a port that cannot be is an error, a folder that cannot be used a warning."""

from pathlib import Path
from typing import Any

import pytest

from config.monitoring.settings_checks import check_metrics


def ids() -> list[str | None]:
    return [message.id for message in check_metrics()]


def test_the_defaults_are_fine() -> None:
    assert ids() == []


@pytest.mark.parametrize("port", [-1, 65_536, 3100])
def test_a_port_that_cannot_be_listened_at_is_an_error(settings: Any, port: int) -> None:
    settings.PORT = 3100
    settings.WORKER_METRICS_PORT = port
    assert ids() == ["apron.E160"]


def test_a_folder_that_is_a_file_is_a_warning(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.METRICS_DIR = str(tmp_path / "file")
    assert ids() == ["apron.W161"]


def test_a_folder_that_somebody_else_put_there_is_a_warning(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    settings.METRICS_DIR = str(tmp_path / "link")
    assert ids() == ["apron.W161"]
