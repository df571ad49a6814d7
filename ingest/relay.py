"""Loop of the relay process: publish pending entries, sleep when there are none, wake up when one comes."""

import contextlib
import logging
import threading
import time

from django.db import DatabaseError, connection
from psycopg import Error as PsycopgError

from config.core.disk import trouble_of
from ingest.publisher import Publisher
from ingest.services import CHANNEL, RELAY_BATCH, relay_batch

logger = logging.getLogger(__name__)

SHORTEST_SLEEP_SECONDS = 0.05
LONGEST_SLEEP_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 5.0
REPORT_EVERY_SECONDS = 60.0


class Relay:
    """Publish until `stop` is called; go on when Kafka or the database were away."""

    def __init__(self) -> None:
        self._publisher = Publisher()
        self._stopping = threading.Event()
        self._pause = 0.0
        self._published = 0
        self._report_at = time.monotonic() + REPORT_EVERY_SECONDS

    def stop(self) -> None:
        """End after the batch under way; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Relay until stopped."""
        logger.info("The relay runs")
        while not self._stopping.is_set():
            try:
                self._turn()
            except (DatabaseError, PsycopgError) as error:
                logger.warning("%s", trouble_of(error))
                with contextlib.suppress(DatabaseError, PsycopgError):
                    connection.close()
                self._back_off()
        self._publisher.close()
        logger.info("The relay ends; it published %d entries since its last report", self._published)

    def _turn(self) -> None:
        claimed, outcome = relay_batch(self._publisher)
        self._published += len(outcome.acknowledged)
        self._report()
        if outcome.failure:
            self._back_off()
        elif claimed:
            self._pause = 0.0
            if claimed < RELAY_BATCH:  # it is level with what comes in, which now gathers: a batch costs what it costs
                self._stopping.wait(SHORTEST_SLEEP_SECONDS)
        else:
            self._sleep()

    def _back_off(self) -> None:
        self._pause = min(max(self._pause * 2, 0.5), LONGEST_BACKOFF_SECONDS)
        self._stopping.wait(self._pause)

    def _sleep(self) -> None:
        """Sleep longer and longer; on PostgreSQL a notification ends it, elsewhere the short poll has to do."""
        if connection.vendor != "postgresql":
            self._stopping.wait(SHORTEST_SLEEP_SECONDS)
            return
        self._pause = min(max(self._pause * 2, SHORTEST_SLEEP_SECONDS), LONGEST_SLEEP_SECONDS)
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        for _ in connection.connection.notifies(timeout=self._pause, stop_after=1):
            self._pause = 0.0

    def _report(self) -> None:
        if time.monotonic() >= self._report_at:
            if self._published:
                logger.info("The relay published %d entries", self._published)
            self._published, self._report_at = 0, time.monotonic() + REPORT_EVERY_SECONDS
