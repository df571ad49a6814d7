"""What the identity provider says of itself: SAML's metadata, OpenID's configuration.

The pages that need it are open to anybody, and a provider may be slow or gone. So one thread of a process asks at a time, and
no oftener than every ten seconds while there is no answer; the others go on with what was said last, or say that it is gone.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

logger = logging.getLogger(__name__)

FRESH_SECONDS = 4 * 3600.0
KEPT_SECONDS = 24 * 3600.0  # not confirmed for so long, it serves no more: a certificate may have been withdrawn
ASK_AGAIN_SECONDS = 10.0
WAIT_SECONDS = 0.6  # for the answer that another thread is waiting for, where there is none from before
ANSWER_SECONDS = 3.0


class Unanswered(Exception):  # noqa: N818 - says more than an error of what
    """The provider has not described itself a moment ago, or is being asked just now."""


class Description:
    """What one provider says, in whatever way it is asked."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._found: dict[str, Any] = {}
        self._found_at = self._ask_at = -math.inf  # by time.monotonic()

    def get(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return what it says, or said; raise Unanswered, or what `ask` raises, if nothing is known."""
        is_due = time.monotonic() >= self._ask_at
        if is_due and self._asking.acquire(timeout=0 if self._is_known() else WAIT_SECONDS):
            try:
                self._ask(ask)
            finally:
                self._asking.release()
        if not self._is_known():
            raise Unanswered("the identity provider did not answer, and is asked again soon")
        return self._found

    def _is_known(self) -> bool:
        return time.monotonic() - self._found_at < KEPT_SECONDS

    def _ask(self, ask: Callable[[], dict[str, Any]]) -> None:
        if time.monotonic() < self._ask_at:
            return  # another thread has asked while this one waited
        try:
            self._found = ask()
        except Exception:
            self._ask_at = time.monotonic() + ASK_AGAIN_SECONDS
            if not self._is_known():
                raise
            logger.warning(
                "The identity provider could not be asked; what it said last goes on serving.", exc_info=True
            )
        else:
            self._found_at = time.monotonic()
            self._ask_at = self._found_at + FRESH_SECONDS


@cache
def description_of(provider: str) -> Description:
    """Return the description of the provider with this issuer, or at this address."""
    return Description()
