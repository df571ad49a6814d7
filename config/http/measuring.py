"""How long outgoing calls take and what comes of them, by service."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from config.core.counters import Histogram

NO_ANSWER = "none"
UNUSABLE = "unusable"  # a 2xx that the service itself did not send, or that is too large
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

SECONDS = Histogram(
    "apron_outgoing_request_duration_seconds",
    "Time until the answer of an outside service was read",
    ["service", "status"],
    BUCKETS,
)

Answer = TypeVar("Answer")


def measured(attempt: Callable[..., Answer]) -> Callable[..., Answer]:
    """Measure a client's method that makes one attempt: the answer and the error that it ends with have a `status`."""

    @wraps(attempt)
    def measure(client: Any, *arguments: Any) -> Answer:
        started = time.perf_counter()
        label = NO_ANSWER
        try:
            answer = attempt(client, *arguments)
            label = "2xx"
        except Exception as error:
            label = _label_of(getattr(error, "status", None))
            raise
        finally:
            SECONDS.observe(client.role, label, seconds=time.perf_counter() - started)
        return answer

    return measure


def _label_of(status: int | None) -> str:
    if status is None:
        return NO_ANSWER
    return UNUSABLE if 200 <= status < 300 else f"{status // 100}xx"
