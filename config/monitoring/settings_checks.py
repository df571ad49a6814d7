"""System checks of the settings of metrics."""

import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name

from config.core.process_files import private_folder

MOST_PORTS = 65_535


def check_metrics(**_: Any) -> list[CheckMessage]:
    """Find a port that cannot be listened at, and a folder that cannot be used: without it all else works."""
    return [*_port_errors(), *_folder_warnings()]


def _port_errors() -> Iterator[CheckMessage]:
    port = settings.WORKER_METRICS_PORT
    if not 0 <= port <= MOST_PORTS or port == settings.PORT:
        mend = f"Give a port of 1 to {MOST_PORTS} that is not PORT, or 0 for none."
        yield Error(f"WORKER_METRICS_PORT is {port}.", hint=mend, id="apron.E160")


def _folder_warnings() -> Iterator[CheckMessage]:
    try:
        folder = private_folder(settings.METRICS_DIR)
        reason = "" if os.access(folder, os.W_OK) else f"{folder} cannot be written"
    except OSError as error:
        reason = str(error)
    if reason:
        mend = "Give a folder on a local disk that belongs to the user who runs Apron, or leave METRICS_DIR unset."
        yield Warning(f"/metrics will lack requests and calls: {reason}.", hint=mend, id="apron.W161")
