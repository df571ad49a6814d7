"""Watch, from a web process, that a worker is alive: a dead one cannot tell.

One question to the database every so often. Only where no worker answers for its heartbeat does the thread make the round
that the worker would make, and whichever process takes the lock first makes it.
"""

import logging
import threading
import time

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.monitoring.alerts import channels, rounds
from config.worker.alerts import is_any_alive

logger = logging.getLogger(__name__)

LOOKS = 4  # in the time after which a worker counts as silent


def start() -> threading.Thread:
    """Begin to watch, for as long as the process lives."""
    thread = threading.Thread(target=_watch, name="alerts", daemon=True)
    thread.start()
    return thread


def _watch() -> None:
    time.sleep(settings.ALERT_SILENT_SECONDS)  # a worker that starts with this process has time for its first beat
    while True:
        time.sleep(settings.ALERT_SILENT_SECONDS / LOOKS)
        try:
            look()
        except Exception as error:
            logger.warning("Nobody could look after the worker: %s", type(error).__name__)
        finally:
            connection.close()  # back to the pool


def look() -> None:
    """Make the worker's round of alerts where no worker is alive to make it."""
    if channels.configured() and not is_any_alive(timezone.now()):
        rounds.check_alerts()
