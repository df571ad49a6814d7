"""Loop of the relay process: publish pending entries, sleep when there are none, wake up when one comes."""

import contextlib
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from django.db import DatabaseError, connection
from psycopg import Error as PsycopgError

from config.core.disk import trouble_of
from ingest.publisher import Publisher
from ingest.services import CHANNEL, RELAY_BATCH, RELAY_PATIENCE_SECONDS, claim_oldest, record_outcome

logger = logging.getLogger(__name__)

LANES = 2  # threads: while one waits for Kafka and marks its batch, the other one claims and sends the next
SHORTEST_SLEEP_SECONDS = 0.05
LONGEST_SLEEP_SECONDS = 1.0
SHORTEST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 5.0
MOST_DOUBLINGS = 10  # of a wait
REPORT_EVERY_SECONDS = 60.0

TROUBLES = (DatabaseError, PsycopgError)


class Relay:
    """Publish until `stop` is called; go on when Kafka or the database were away.

    Its lanes take turns in claiming and sending, so that what is sent keeps the order of ids.
    """

    def __init__(self) -> None:
        self._publisher = Publisher()
        self._stopping = threading.Event()
        self._something_came = threading.Event()
        self._turn = threading.Lock()  # of the lane that claims and sends, and of what it leaves to the next:
        self._claimed = RELAY_BATCH
        self._sleep = 0.0
        self._tally = threading.Lock()  # of what became of batches:
        self._failures = 0  # since the last success
        self._published = 0
        self._report_at = time.monotonic() + REPORT_EVERY_SECONDS

    def stop(self) -> None:
        """End after the batches under way; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Relay until stopped."""
        logger.info("The relay runs")
        with ThreadPoolExecutor(LANES, thread_name_prefix="lane") as threads:
            lanes = [threads.submit(self._work) for _ in range(LANES)]
            try:
                self._listen()
            finally:
                self._stopping.set()
        self._publisher.close()
        logger.info("The relay ends; it published %d entries since its last report", self._published)
        for lane in lanes:
            lane.result()

    def _listen(self) -> None:
        """Wake the lanes when PostgreSQL tells of an entry; elsewhere their short sleep has to do."""
        while not self._stopping.is_set():
            if connection.vendor != "postgresql":
                time.sleep(SHORTEST_SLEEP_SECONDS)
                continue
            try:
                with connection.cursor() as cursor:
                    cursor.execute(f"LISTEN {CHANNEL}")
                for _ in connection.connection.notifies(timeout=LONGEST_SLEEP_SECONDS):
                    self._something_came.set()
            except TROUBLES:  # which the lanes have too, and log
                _drop_connection()
                time.sleep(SHORTEST_BACKOFF_SECONDS)

    def _work(self) -> None:
        """Publish batch after batch, in a thread of its own."""
        try:
            while not self._stopping.is_set():
                try:
                    self._publish_batch()
                except TROUBLES as error:
                    logger.warning("%s", trouble_of(error))
                    self._note(0, failed=True)
                    _drop_connection()
        finally:
            self._stopping.set()  # half a relay would go unnoticed
            _drop_connection()

    def _publish_batch(self) -> None:
        with ExitStack() as turn:
            turn.enter_context(self._turn)
            self._rest()
            if self._stopping.is_set():
                return
            with claim_oldest() as records:
                self._claimed = len(records)
                if not records:
                    return
                wait_for_kafka = self._publisher.send(records, seconds=RELAY_PATIENCE_SECONDS)
                turn.close()
                outcome = wait_for_kafka()
                record_outcome(records, outcome)
        self._note(len(outcome.acknowledged), failed=bool(outcome.failure))

    def _rest(self) -> None:
        """Wait before the next claim: after a failure, while nothing comes, or to gather what comes."""
        if self._failures:
            doubled = SHORTEST_BACKOFF_SECONDS * 2 ** min(self._failures - 1, MOST_DOUBLINGS)
            self._stopping.wait(min(doubled, LONGEST_BACKOFF_SECONDS))
        elif self._claimed == 0:
            longest = LONGEST_SLEEP_SECONDS if connection.vendor == "postgresql" else SHORTEST_SLEEP_SECONDS
            self._sleep = min(max(self._sleep * 2, SHORTEST_SLEEP_SECONDS), longest)
            if self._something_came.wait(self._sleep):
                self._sleep = 0.0
        elif self._claimed < RELAY_BATCH:  # level with what comes in: a batch costs what it costs, however small
            self._sleep = 0.0
            self._stopping.wait(SHORTEST_SLEEP_SECONDS)
        self._something_came.clear()

    def _note(self, published: int, *, failed: bool) -> None:
        with self._tally:
            self._failures = self._failures + 1 if failed else 0
            self._published += published
            if time.monotonic() >= self._report_at:
                if self._published:
                    logger.info("The relay published %d entries", self._published)
                self._published, self._report_at = 0, time.monotonic() + REPORT_EVERY_SECONDS


def _drop_connection() -> None:
    with contextlib.suppress(*TROUBLES):
        connection.close()
