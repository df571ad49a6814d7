"""Send batches to the partner, several at a time. Imports no models and does not touch the database.

Threads only talk to the partner, each over a connection of its own. What happens comes as events to the thread that takes
them, which writes them down; an attempt begins only when that thread has written down that it does.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from config.http.client import Answer, Client, TransportError

EVENT_SECONDS = 60.0


@dataclass(frozen=True)
class Request:
    """The bytes of a batch and its headers; `batch` is its key."""

    batch: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Begun:
    """An attempt is about to be made; it waits until `go` is called."""

    batch: int
    request_id: uuid.UUID
    _gate: SimpleQueue[bool] = field(default_factory=SimpleQueue)

    def go(self, *, ahead: bool = True) -> None:
        """Let the attempt be made, or not."""
        self._gate.put(ahead)

    def wait(self) -> bool:
        """Return whether the attempt is to be made. Whoever takes the events always says so, also when it gives up."""
        return self._gate.get()


@dataclass(frozen=True)
class Ended:
    """What came of an attempt, after so many seconds. Another may follow."""

    batch: int
    request_id: uuid.UUID
    seconds: float
    outcome: Answer | TransportError


@dataclass(frozen=True)
class Settled:
    """What came of a batch: no further attempt follows now. None where it was called off."""

    batch: int
    outcome: Answer | TransportError | BaseException | None


class CalledOff(Exception):  # noqa: N818 - it says what has become of the attempt
    """Nobody takes note of attempts any more."""


class Window:
    """At most `size` batches in flight at once. Leaving it waits for those in flight."""

    def __init__(self, size: int, make_client: Callable[[], Client], url: str) -> None:
        self.size = size
        self.events: SimpleQueue[Begun | Ended | Settled] = SimpleQueue()
        self.in_flight: set[int] = set()
        self._make_client, self._url = make_client, url
        self._idle: SimpleQueue[Client] = SimpleQueue()
        self._clients = ExitStack()
        self._pool = ThreadPoolExecutor(size, "partner")

    def __enter__(self) -> "Window":
        for _ in range(self.size):
            self._idle.put(self._clients.enter_context(self._make_client()))
        return self

    def __exit__(self, *_: object) -> None:
        while self.in_flight:
            event = self.next_event(EVENT_SECONDS)
            if isinstance(event, Begun):
                event.go(ahead=False)
        self._pool.shutdown()
        self._clients.close()

    def post(self, request: Request, deadline: float) -> None:
        """Send a batch in a thread, again and again until it is settled or the deadline (of time.monotonic) has come."""
        self._pool.submit(copy_context().run, self._talk, request, deadline)
        self.in_flight.add(request.batch)

    def next_event(self, seconds: float) -> Begun | Ended | Settled | None:
        """Return what happened next, None if nothing did for so long."""
        try:
            event = self.events.get(timeout=seconds) if seconds else self.events.get_nowait()
        except Empty:
            return None
        if isinstance(event, Settled):
            self.in_flight.discard(event.batch)
        return event

    def _talk(self, request: Request, deadline: float) -> None:
        client = self._idle.get()
        outcome: Answer | BaseException | None
        try:
            outcome = client.call(
                "POST",
                self._url,
                headers=request.headers,
                data=request.body,
                deadline=deadline,
                attempts=_Attempts(request.batch, self.events),
                wants_body=False,
            )
        except CalledOff:
            outcome = None
        except BaseException as error:
            outcome = error
        self._idle.put(client)
        self.events.put(Settled(request.batch, outcome))


class _Attempts:
    """Have each attempt of a batch written down before it is made, and name it to the partner."""

    def __init__(self, batch: int, events: SimpleQueue[Begun | Ended | Settled]) -> None:
        self._batch, self._events = batch, events
        self._request_id, self._started = uuid.uuid4(), 0.0

    def begin(self) -> dict[str, str]:
        self._request_id = uuid.uuid4()
        begun = Begun(self._batch, self._request_id)
        self._events.put(begun)
        if not begun.wait():
            raise CalledOff
        self._started = time.monotonic()
        return {"X-Request-ID": str(self._request_id)}

    def end(self, outcome: Answer | TransportError) -> None:
        seconds = round(time.monotonic() - self._started, 3)
        self._events.put(Ended(self._batch, self._request_id, seconds, outcome))
