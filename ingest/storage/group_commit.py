"""Group commit: concurrent threads share one call, as databases let transactions share one flush."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Collect the items of concurrent threads and call `work` with all of them, one call at a time.

    While it is at work the items of other threads gather; the thread that came first then works for all of them. Alone,
    a thread does not wait. What `work` raises, each thread of that group gets.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._work = work
        self._at_work = threading.Lock()
        self._gathering = threading.Lock()
        self._group: _Group[Item, Result] = _Group()

    def run(self, item: Item) -> Result:
        """Return the item's result when its group is done."""
        with self._gathering:
            group, place = self._group, len(self._group.items)
            group.items.append(item)
        if place == 0:
            with self._at_work:
                self._lead(group)
        return group.results.result()[place]

    def _lead(self, group: "_Group[Item, Result]") -> None:
        with self._gathering:
            self._group = _Group()
        try:
            group.results.set_result(self._work(group.items))
        except BaseException as error:
            group.results.set_exception(error)


class _Group(Generic[Item, Result]):
    def __init__(self) -> None:
        self.items: list[Item] = []
        self.results: Future[Sequence[Result]] = Future()
