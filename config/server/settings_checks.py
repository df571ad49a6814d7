"""System checks of the web server's settings."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_server(**_: Any) -> list[CheckMessage]:
    """Find settings that cannot work."""
    return list(_errors())


def _errors() -> Iterator[CheckMessage]:
    for name in ("REQUEST_BODY_SECONDS", "ANSWER_STALL_SECONDS", "SLOW_CLIENT_BYTES_PER_SECOND"):
        if getattr(settings, name) <= 0:
            yield Error(f"{name} is not above 0.", hint="Give a positive number, or leave it unset.", id="apron.E140")
    spool = settings.WEB_SPOOL
    if spool and not (Path(spool).is_dir() and os.access(spool, os.W_OK | os.X_OK)):
        yield Error(
            f"WEB_SPOOL is {spool!r}, where this process cannot write.",
            hint="Make the folder and let the process write there, or leave it unset.",
            id="apron.E141",
        )
