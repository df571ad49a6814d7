"""Count the unpublished entries, and refuse new ones when there are too many."""

import threading
import time

from django.conf import settings
from django.utils.translation import gettext as _

from ingest.exceptions import BacklogFull
from ingest.selectors import count_waiting

MEASURE_EVERY_SECONDS = 0.25
RETRY_AFTER_SECONDS = 5


class Backlog:
    """Count the unpublished entries now and then: counting for each request would cost more than the request.

    Between two measurements it adds what this process takes in. When that would be too much it measures again before it
    refuses, so that it never refuses by guess; other processes may take it over the limit by what they take in meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0
        self._added = 0
        self._measured_at = float("-inf")

    def check_capacity(self, entries: int) -> None:
        """Let so many entries in, or raise BacklogFull when more than INGEST_BACKLOG_LIMIT wait."""
        limit = settings.INGEST_BACKLOG_LIMIT
        with self._lock:
            is_old = time.monotonic() - self._measured_at > MEASURE_EVERY_SECONDS
            if is_old or (self._added and self._waiting + self._added > limit):
                self._waiting, self._added, self._measured_at = count_waiting(limit), 0, time.monotonic()
            if self._waiting > limit:
                raise BacklogFull(
                    _("More than %(limit)s entries wait for Kafka; try again later.") % {"limit": limit},
                    headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
                )
            self._added += entries


backlog = Backlog()
