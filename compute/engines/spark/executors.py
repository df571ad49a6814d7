"""The executors of a cluster. A query that gets none would wait for ever: after a restart of the master, or of all workers."""

import logging
import threading
import time
from typing import Any

from py4j.protocol import Py4JError

logger = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
CANCELLED = "cancelled as part of cancellation of all jobs"  # what Spark says of a query that cancel_when_starved ended


def are_there(context: Any) -> bool:
    """Return whether the SparkContext runs and has executors."""
    scala = context._jsc.sc()  # noqa: SLF001 - PySpark's own tracker knows stages only
    return not scala.isStopped() and _count(scala) > 0


def cancel_when_starved(context: Any, seconds: float) -> None:
    """End each query that has been waiting `seconds` without any executor, until the SparkContext is stopped."""
    scala = context._jsc.sc()  # noqa: SLF001
    threading.Thread(target=_watch, args=(scala, seconds), name="executors", daemon=True).start()


def _count(scala: Any) -> int:
    return len(scala.statusTracker().getExecutorInfos()) - 1  # it counts the driver


def _watch(scala: Any, seconds: float) -> None:
    fed = time.monotonic()
    try:
        while not scala.isStopped():
            if len(scala.statusTracker().getActiveStageIds()) == 0 or _count(scala):
                fed = time.monotonic()
            elif time.monotonic() - fed > seconds:
                logger.warning("Spark gave a query no executor for %g s; it is cancelled", seconds)
                scala.cancelAllJobs()
                fed = time.monotonic()
            time.sleep(CHECK_SECONDS)
    except (Py4JError, ConnectionError):  # the JVM is gone, and with it whoever waited
        return
