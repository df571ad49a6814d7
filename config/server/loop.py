"""The event loop that granian's ASGI workers get: it runs a coroutine's next step at once, in the thread that has its news.

asyncio would bring each step to its own thread: two more changes of threads for a request, a fifth of a small POST's CPU.
Code that may block runs in the threads of a ThreadPool: a coroutine gets there by `await POOL`, and leaves to await granian.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from queue import SimpleQueue
from typing import Any

from granian import loops


class ThreadPool:
    """A number of threads, and the coroutines that wait for one of them, in their order."""

    def __init__(self, name: str, threads: int) -> None:
        self.waiting: SimpleQueue[Task] = SimpleQueue()  # as many at most as there are connections
        self._name, self._threads = name, threads

    def __await__(self) -> Generator["ThreadPool", None, None]:
        yield self

    def start(self) -> None:
        """Start the threads."""
        for number in range(self._threads):
            threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True).start()

    def _work(self) -> None:
        while True:
            self.waiting.get().step()


# Together as many as a process has connections to the database, but for LIVE, which needs none.
REQUESTS = ThreadPool("request", 16)
STREAMS = ThreadPool("stream", 4)  # long answers: a piece at a time, so that many of them make nobody else wait
PROBES = ThreadPool("probe", 1)  # whoever looks after this process is answered, whatever else it has to do
LIVE = ThreadPool("live", 1)  # so that it is told that this process lives, while a probe waits for the database


class Task:
    """Runs a coroutine, step by step, each to its next `await` that has to wait."""

    __slots__ = ("_coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self.step()

    def step(self, future: Any = None) -> None:
        """Go on, after `future` where it waited for one."""
        while True:
            try:
                if future is not None and future.cancelled():
                    awaited = self._coroutine.throw(asyncio.CancelledError())
                else:
                    awaited = self._coroutine.send(None)
            except StopIteration:
                return  # granian's coroutine around ours logs what goes wrong, and never raises
            if isinstance(awaited, ThreadPool):
                awaited.waiting.put(self)
                return
            awaited._asyncio_future_blocking = False  # noqa: SLF001 - how asyncio, too, takes a future from an `await`
            if not awaited.done():
                awaited.add_done_callback(self.step)
                return
            future = awaited  # a callback would be called at once, and so on, ever deeper


class ServerLoop(asyncio.SelectorEventLoop):
    """asyncio's loop in the thread it belongs to; to all others, that is to granian, one that calls back at once."""

    def __init__(self) -> None:
        super().__init__()
        self._owner = threading.get_ident()

    def call_soon_threadsafe(  # type: ignore[override] # asyncio's stubs name the one option
        self, callback: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        if not options:  # granian names a context for what concerns requests; without one it ends this loop
            return super().call_soon_threadsafe(callback, *args)
        return callback(*args)

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        if threading.get_ident() == self._owner:
            return super().call_soon(callback, *args, **options)
        return callback(*args)

    def create_task(self, coro: Any, **options: Any) -> Any:
        if threading.get_ident() == self._owner:
            return super().create_task(coro, **options)
        return Task(coro)


def register() -> None:
    """Have granian's `--loop asyncio` make this loop."""
    loops.register("asyncio")(_new_loop)


def _new_loop() -> ServerLoop:
    loop = ServerLoop()
    asyncio.set_event_loop(loop)
    return loop
