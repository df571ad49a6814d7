"""Threads that come at the same time share one call, and each gets its own result."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection

from ingest.models import DataEntry
from ingest.services import Accepted, accept_entries
from ingest.storage.entries import Entry
from ingest.storage.group_commit import GroupCommit
from tests.fakes.faulty import wait_until


class Work:
    """Doubles numbers, keeps what it was called with, and can be held up or fail."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.may_go_on = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.calls.append([*items])
        assert self.may_go_on.wait(10)
        if -1 in items:
            raise ValueError("-1 cannot be doubled")
        return [2 * item for item in items]


def start_behind(work: Work, first: int, others: Sequence[int]) -> tuple[Future[int], list[Future[int]]]:
    """Run the first; while it is at work let the others gather; let all go on."""
    group_commit = GroupCommit(work)
    threads = ThreadPoolExecutor(1 + len(others))
    leader = threads.submit(group_commit.run, first)
    wait_until(lambda: work.calls, what="the first at work")
    followers = [threads.submit(group_commit.run, item) for item in others]
    wait_until(lambda: len(group_commit._group.items) == len(others), what="the others gathered")
    work.may_go_on.set()
    threads.shutdown()
    return leader, followers


def test_who_comes_alone_does_not_wait() -> None:
    work = Work()
    work.may_go_on.set()
    assert GroupCommit(work).run(4) == 8
    assert work.calls == [[4]]


def test_those_who_come_while_one_is_at_work_share_the_next_call() -> None:
    work = Work()
    first, others = start_behind(work, 1, range(2, 9))
    assert [first.result(), *(other.result() for other in others)] == [2, 4, 6, 8, 10, 12, 14, 16]
    assert [sorted(call) for call in work.calls] == [[1], [2, 3, 4, 5, 6, 7, 8]]


def test_a_failure_is_that_of_its_group_alone() -> None:
    work = Work()
    first, others = start_behind(work, 1, [2, -1])
    assert first.result() == 2
    for other in others:
        with pytest.raises(ValueError, match="-1"):
            other.result()


def test_after_a_failure_the_next_one_works() -> None:
    work = Work()
    work.may_go_on.set()
    group_commit = GroupCommit(work)
    with pytest.raises(ValueError, match="-1"):
        group_commit.run(-1)
    assert group_commit.run(3) == 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wait", [True, False])
def test_each_of_many_threads_gets_the_id_of_its_own_content(wait: bool) -> None:
    contents = [f"content {number}" for number in range(64)]

    def accept(content: str) -> Accepted:
        try:
            return accept_entries([Entry(content)], wait=wait)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        accepted = list(threads.map(accept, contents))
    stored = dict(DataEntry.objects.values_list("pk", "content"))
    assert [stored[entry.ids[0]] for entry in accepted] == contents
    assert {entry.published == frozenset(entry.ids) for entry in accepted} == {wait}
    assert DataEntry.objects.filter(published_at__isnull=not wait).count() == 64
