"""Start what tells others how this process fares, where the settings ask for it."""

import logging
from importlib import import_module

from django.conf import settings

from config.core.telemetry import errors

logger = logging.getLogger(__name__)

SPANS = "config.core.telemetry.spans"


def start(service: str) -> None:
    """Trace this process and tell of its errors, as `service`: web, worker or relay. Neither keeps it from its work."""
    errors.set_up(service)
    if settings.TRACES_ON:
        try:
            import_module(SPANS).set_up(service)
        except Exception:
            logger.exception("Traces are not sent")


def preload() -> None:
    """Load what `start` needs, for the processes that are forked from this one."""
    errors.preload()
    if settings.TRACES_ON:
        try:
            import_module(SPANS)
        except ImportError as error:
            logger.error("Traces are not sent: %s", error)  # noqa: TRY400 - its text says it all
