"""A body of JSON lines: each line is kept or reported with its number, once, whatever happens in the middle."""

import gzip
import signal
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection
from django.test import Client

from ingest.api import line_requests
from ingest.api.lines import BLOCK_LINES, LONGEST_LINE, MOST_ERRORS, READ_BYTES, split_lines
from ingest.models import DataEntry
from ingest.services import relay_waiting
from tests.config.processes import run_and_kill
from tests.fakes.kafka_reader import Arrived

pytestmark = pytest.mark.django_db

Read = Callable[[], list[Arrived]]


def lines_of(number: int) -> bytes:
    return b"".join(b'{"content": "line %d"}\n' % (n + 1) for n in range(number))


def post(body: bytes, **headers: str) -> Any:
    return Client().post("/api/data", body, content_type="application/x-ndjson", headers=headers)


def contents() -> list[Any]:
    return list(DataEntry.objects.order_by("pk").values_list("content", flat=True))


def test_each_line_is_kept_and_published(arrived: Read) -> None:
    body = b'{"content": "a", "key": "k"}\r\n\n  \n{"content": "b", "headers": {"h": "1"}}'

    response = post(body)

    first, second = DataEntry.objects.order_by("pk")
    assert (response.status_code, response.json()) == (
        201,
        {
            "lines": 4, "kept": 2, "published": 2, "first_id": first.pk, "last_id": second.pk, "rejected": 0, "errors": [],
        },
    )  # fmt: skip
    assert [(r.json()["content"], r.key, r.headers.get("h")) for r in arrived()] == [
        ("a", b"k", None),
        ("b", b"data_entry", b"1"),
    ]


def test_each_line_that_is_not_kept_is_reported_with_its_number() -> None:
    bad = [b"{", b"[]", b"{}", b'{"content": 5}', b'{"content": "x", "kye": "k"}', b'{"content": "\xff"}', b'"x"']
    lines = [b'{"content": "first"}', *bad, b'{"content": "last"}']

    answer = post(b"\n".join(lines)).json()

    assert (answer["lines"], answer["kept"], answer["rejected"]) == (9, 2, 7)
    assert contents() == ["first", "last"]
    assert [(error["line"], error["field"]) for error in answer["errors"]] == [
        (2, ""), (3, "content"), (4, "content"), (5, "content"), (6, "kye"), (7, ""), (8, "content"),
    ]  # fmt: skip
    assert answer["errors"][1]["message"] == 'A line must be an object such as {"content": "text"}.'


def test_only_the_first_errors_are_told() -> None:
    answer = post(b"x\n" * 2500 + b'{"content": "a"}').json()
    assert (answer["kept"], answer["rejected"], len(answer["errors"])) == (1, 2500, MOST_ERRORS)


@pytest.mark.parametrize("body", [b"\n \n", b"x\n" * 1500])
def test_where_no_line_can_be_kept_it_is_a_400(body: bytes) -> None:
    response = post(body)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    errors = response.json().get("errors", [])
    assert [error["field"] for error in errors] == [f"{n + 1}" for n in range(min(body.count(b"x"), MOST_ERRORS))]


def test_blocks_come_in_order_and_are_all_published(arrived: Read) -> None:
    answer = post(lines_of(2 * BLOCK_LINES + 1)).json()
    assert (answer["kept"], answer["published"]) == (2 * BLOCK_LINES + 1,) * 2
    assert contents() == [f"line {n + 1}" for n in range(2 * BLOCK_LINES + 1)]
    assert len(arrived()) == 2 * BLOCK_LINES + 1


def test_respond_async_leaves_them_to_the_relay(arrived: Read) -> None:
    answer = post(lines_of(3), Prefer="respond-async").json()
    assert (answer["kept"], answer["published"], arrived()) == (3, 0, [])


def test_gzip_is_read_as_it_comes() -> None:
    assert post(gzip.compress(lines_of(1500)), **{"Content-Encoding": "gzip"}).json()["kept"] == 1500


def test_what_came_before_the_end_of_a_broken_body_is_kept_and_told() -> None:
    packed = gzip.compress(lines_of(20_000))
    response = post(packed[: len(packed) // 2], **{"Content-Encoding": "gzip"})
    problem = response.json()
    assert (response.status_code, problem["lines"] % BLOCK_LINES, problem["kept"]) == (400, 0, problem["lines"])
    assert f"The lines up to {problem['lines']} are taken" in problem["detail"]
    assert len(contents()) == problem["kept"] > 0


def test_more_than_may_come_unpacked_is_413(settings: Any) -> None:
    settings.INGEST_MAX_STREAM = READ_BYTES
    assert post(gzip.compress(lines_of(100_000)), **{"Content-Encoding": "gzip"}).status_code == 413


def test_a_backlog_that_fills_ends_it_and_the_same_key_goes_on(settings: Any) -> None:
    settings.INGEST_BACKLOG_LIMIT = 1500
    headers = {"Prefer": "respond-async", "Idempotency-Key": "k"}

    full = post(lines_of(4000), **headers)

    assert (full.status_code, full["Retry-After"], full.json()["lines"], full.json()["kept"]) == (503, "5", 2000, 2000)
    DataEntry.objects.update(published_at="2026-01-01T00:00:00Z")
    settings.INGEST_BACKLOG_LIMIT = 100_000
    again = post(lines_of(4000), **headers)
    assert (again.status_code, again.json()["lines"], again.json()["kept"]) == (201, 4000, 4000)
    assert contents() == [f"line {n + 1}" for n in range(4000)]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_in_the_middle_is_a_503_that_says_how_far_it_came() -> None:
    inserts = 0

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal inserts
        inserts += "INSERT INTO data_entries" in sql
        if inserts == 2:
            raise OperationalError("connection refused")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        response = post(lines_of(3000))
    assert (response.status_code, response.json()["lines"], response.json()["kept"]) == (503, 1000, 1000)
    assert "Whether the next 1000 lines are kept is not known." in response.json()["detail"]
    assert len(contents()) == 1000


@pytest.mark.django_db(transaction=True)
def test_a_block_that_is_kept_is_told_though_the_database_fails_before_its_publication_is_marked() -> None:
    marks = 0

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal marks
        marks += "SET published_at" in sql
        if marks == 2 and "SET published_at" in sql:
            raise OperationalError("connection refused")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        response = post(lines_of(3000))
    answer = response.json()
    assert (response.status_code, answer["kept"], answer["published"], len(contents())) == (201, 3000, 2000, 3000)


def test_no_more_bodies_at_a_time_than_there_are_threads_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_requests, "_slots", threading.BoundedSemaphore(1))
    with line_requests._slot():
        response = post(lines_of(1))
    assert (response.status_code, "Retry-After" in response, contents()) == (503, True, [])
    assert post(lines_of(1)).status_code == 201


class TestAgain:
    def test_the_same_request_gets_the_first_answer_and_another_is_refused(self) -> None:
        first, second = (
            post(lines_of(1200), **{"Idempotency-Key": "k"}),
            post(lines_of(1200), **{"Idempotency-Key": "k"}),
        )
        assert (second.content, second["Idempotent-Replayed"]) == (first.content, "true")
        assert post(lines_of(1201), **{"Idempotency-Key": "k"}).status_code == 422
        assert len(contents()) == 1200

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("path", "name", "call", "kept"),
        [
            ("ingest.api.stream", "accept_entries", 3, 2 * BLOCK_LINES),
            ("ingest.services", "link_resource", 2, BLOCK_LINES),
            ("ingest.services", "_publish", 2, 2 * BLOCK_LINES),
            ("ingest.api.line_requests", "_report", 1, 4 * BLOCK_LINES + 7),
        ],
    )
    def test_killed_in_the_middle_it_goes_on_where_it_was(
        self, arrived: Read, settings: Any, path: str, name: str, call: int, kept: int
    ) -> None:
        total = 4 * BLOCK_LINES + 7
        broker = {"KAFKA_BOOTSTRAP_SERVERS": settings.KAFKA_BOOTSTRAP_SERVERS[0], "KAFKA_TOPIC": settings.KAFKA_TOPIC}
        run_and_kill(KILLED.format(path=path, name=name, call=call, total=total, signal=int(signal.SIGKILL)), **broker)
        assert len(contents()) == kept

        answer = post(b"x\n" + lines_of(total), **{"Idempotency-Key": "k"}).json()

        assert (answer["lines"], answer["kept"], answer["rejected"]) == (total + 1, total, 1)
        assert contents() == [f"line {n + 1}" for n in range(total)]
        DataEntry.objects.filter(published_at=None).update(claimed_until="2000-01-01T00:00:00Z")  # its holder is dead
        relay_waiting(seconds=20)
        assert len({record.entry_id for record in arrived()}) == total


KILLED = """
import importlib
from django.test import Client
from tests.ingest.test_lines import lines_of
module, calls = importlib.import_module("{path}"), 0
original = module.{name}
def die(*args, **kwargs):
    global calls
    calls += 1
    if calls == {call}:
        os.kill(os.getpid(), {signal})
    return original(*args, **kwargs)
module.{name} = die
Client(SERVER_NAME="localhost").post(
    "/data", b"x\\n" + lines_of({total}), content_type="application/x-ndjson", headers={{"Idempotency-Key": "k"}})
"""


class TestSplitting:
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
    def test_lines_are_the_same_however_they_come(self, size: int) -> None:
        body = b"a\n\nbc\r\nlonger line\n\nlast"
        assert list(split_lines(pieces(body, size))) == [b"a", b"", b"bc\r", b"longer line", b"", b"last"]

    def test_a_line_that_is_too_long_is_left_out_and_takes_no_more_memory(self) -> None:
        long = b"x" * (LONGEST_LINE + 2 * READ_BYTES)
        assert list(split_lines(pieces(b"a\n" + long + b"\nb\n" + long, READ_BYTES))) == [b"a", None, b"b", None]


def pieces(body: bytes, size: int) -> Callable[[int], bytes]:
    stream = BytesIO(body)
    return lambda _: stream.read(size)


def test_what_ends_a_line_in_a_text_does_not_end_one_of_the_body() -> None:
    assert post(orjson.dumps({"content": "\n é \u2028"}) + b"\n").json()["kept"] == 1
    assert contents() == ["\n é \u2028"]
