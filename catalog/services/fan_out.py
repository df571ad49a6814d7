"""Call the offers service for many products concurrently. Imports no models and does not touch the database.

Threads only talk to the service, each over a connection of its own; the token is renewed, and the outcomes are taken, in the
thread that iterates. What waits in memory is bounded by the window.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

from django.utils.translation import gettext as _

from catalog.offers_client import OffersClient, OffersError, OffersRefused, OffersUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

WINDOW_PER_THREAD = 16
FAILURES_TO_OPEN = 5  # in a row say that it is not about the products


class CircuitOpen(OffersUnavailable):
    """The service is away or refuses all calls; calling for the other products would only wait for timeouts."""


@dataclass(frozen=True)
class _Call(Generic[T, R]):
    """A finished call; `token` is the one it used."""

    item: T
    token: str
    is_retry: bool
    outcome: R | OffersError

    @property
    def is_refused(self) -> bool:
        """Return whether the token was not good enough."""
        return isinstance(self.outcome, OffersError) and self.outcome.status == 401


class FanOut(Generic[T, R]):
    """Call the service for each item, in `threads` threads.

    `ask` makes the call with a client and a token. `current_token` gives the kept token, or a first one; `renew_token` takes
    the one that was refused (401) and gives another. Both may raise OffersError; without a first token nothing is asked.
    """

    def __init__(
        self,
        ask: Callable[[OffersClient, str, T], R],
        *,
        base_url: str,
        threads: int,
        current_token: Callable[[], str],
        renew_token: Callable[[str], str],
    ) -> None:
        self._ask = ask
        self._base_url = base_url
        self._threads = threads
        self._current_token = current_token
        self._renew_token = renew_token
        self._token = ""
        self._token_has_worked = True  # the kept one has, on an earlier day
        self._hopeless = 0
        self._in_flight = 0
        self._done: SimpleQueue[Future[_Call[T, R]]] = SimpleQueue()
        self._local = threading.local()
        self._clients = ExitStack()

    def run(self, items: Iterable[T]) -> Iterator[tuple[T, R | OffersError]]:
        """Yield each item with its outcome as the calls end; raise OffersError when going on makes no sense."""
        with self._clients, ThreadPoolExecutor(self._threads, "offers") as pool:
            try:
                for item in items:
                    self._submit(pool, item)
                    if self._in_flight >= self._threads * WINDOW_PER_THREAD:
                        yield from self._collect(pool)
                while self._in_flight:
                    yield from self._collect(pool)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)  # the with waits for the calls under way

    def _submit(self, pool: ThreadPoolExecutor, item: T, *, is_retry: bool = False) -> None:
        self._token = self._token or self._current_token()
        future = pool.submit(copy_context().run, self._call, item, is_retry)
        future.add_done_callback(self._done.put)
        self._in_flight += 1

    def _collect(self, pool: ThreadPoolExecutor) -> Iterator[tuple[T, R | OffersError]]:
        """Take the next call that ends; one that a stale token spoiled is made again, once."""
        call = self._done.get().result()
        self._in_flight -= 1
        outcome = call.outcome
        if call.is_refused and not call.is_retry:
            try:
                self._renew(call.token)
            except OffersError as error:
                outcome = error
            else:
                self._submit(pool, call.item, is_retry=True)
                return
        yield call.item, outcome
        self._watch(call, outcome)

    def _renew(self, refused: str) -> None:
        """Get another token, unless that has happened since the call was made; never two in a row that did not work."""
        if refused != self._token:
            return
        if not self._token_has_worked:
            raise OffersRefused(_("offers service refuses the token that it has just issued"), status=401)
        self._token = self._renew_token(refused)
        self._token_has_worked = False

    def _watch(self, call: _Call[T, R], outcome: R | OffersError) -> None:
        """Open the circuit when nothing comes back but what would be the same for every product."""
        if call.is_refused or (isinstance(outcome, OffersUnavailable) and outcome.is_outage):
            self._hopeless += 1
            if self._hopeless >= FAILURES_TO_OPEN:
                raise CircuitOpen(
                    _("gave up after %(hopeless)s failures in a row, the last: %(outcome)s")
                    % {"hopeless": self._hopeless, "outcome": outcome}
                )
            return
        self._hopeless = 0
        if call.token == self._token:
            self._token_has_worked = True

    def _call(self, item: T, is_retry: bool) -> _Call[T, R]:
        token = self._token
        outcome: R | OffersError
        try:
            outcome = self._ask(self._client(), token, item)
        except OffersError as error:
            outcome = error
        except Exception as error:
            logger.exception("Asking the offers service about %s failed", item)
            outcome = OffersError(_("%(error_name)s; the log has the details") % {"error_name": type(error).__name__})
        return _Call(item, token, is_retry, outcome)

    def _client(self) -> OffersClient:
        if not hasattr(self._local, "client"):
            self._local.client = self._clients.enter_context(OffersClient(self._base_url))
        client: OffersClient = self._local.client
        return client
