"""The relay: all that waits is published, once, whoever is working beside it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, transaction

from ingest import services, tasks
from ingest.models import DataEntry
from ingest.publisher import Publisher
from ingest.relay import Relay
from tests.factories_ingest import DataEntryFactory
from tests.fakes.faulty import wait_until
from tests.fakes.kafka_proxy import KafkaProxy
from tests.fakes.kafka_reader import Arrived

Read = Callable[[], list[Arrived]]


@contextmanager
def running(relay: Relay) -> Iterator[None]:
    """A relay at work in a thread, as in a process of its own."""

    def work() -> None:
        try:
            relay.run()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        relay.stop()
        thread.join(15)
        assert not thread.is_alive()


def nothing_waits() -> bool:
    return not DataEntry.objects.filter(published_at=None).exists()


@pytest.mark.django_db
def test_the_schedule_publishes_what_no_relay_has_oldest_first(arrived: Read) -> None:
    entries = DataEntryFactory.create_batch(5)
    tasks.relay_waiting()
    assert [record.entry_id for record in arrived()] == [entry.pk for entry in entries]
    assert nothing_waits()


@pytest.mark.django_db
def test_published_refused_and_claimed_entries_are_left_alone(arrived: Read) -> None:
    DataEntryFactory(published=True)
    DataEntryFactory(refused=True)
    DataEntryFactory(claimed=True)
    assert services.relay_waiting(seconds=5) == 0
    assert arrived() == []


@pytest.mark.django_db(transaction=True)
def test_a_row_written_by_plain_sql_is_published(arrived: Read) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO data_entries (content) VALUES ('\"by hand\"')")
    services.relay_waiting(seconds=5)
    assert [record.json()["content"] for record in arrived()] == ["by hand"]


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_is_committed_late_is_not_skipped(arrived: Read) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: nothing is committed late")
    is_written, may_commit = threading.Event(), threading.Event()
    early: list[int] = []

    def write_early_commit_late() -> None:
        with transaction.atomic():
            early.append(DataEntryFactory().pk)
            is_written.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=write_early_commit_late)
    writer.start()
    is_written.wait(10)
    late = DataEntryFactory().pk
    services.relay_waiting(seconds=5)
    assert [record.entry_id for record in arrived()] == [late]
    may_commit.set()
    writer.join()
    services.relay_waiting(seconds=5)
    assert early[0] < late
    assert [record.entry_id for record in arrived()] == [late, early[0]]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_never_published(arrived: Read) -> None:
    with transaction.atomic():
        DataEntryFactory()
        transaction.set_rollback(True)
    kept = DataEntryFactory()
    services.relay_waiting(seconds=5)
    assert [record.entry_id for record in arrived()] == [kept.pk]


@pytest.mark.django_db(transaction=True)
def test_a_sleeping_relay_is_woken(client: Any, arrived: Read) -> None:
    with running(Relay()):
        for number in range(3):
            client.post(
                "/data", {"content": str(number)}, content_type="application/json", headers={"Prefer": "respond-async"}
            )
            wait_until(nothing_waits, seconds=5, what="the entry published")
    assert [record.json()["content"] for record in arrived()] == ["0", "1", "2"]


@pytest.mark.django_db(transaction=True)
def test_a_relay_outlives_its_connection_to_the_database(arrived: Read) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to lose")
    relay = Relay()
    with running(relay):
        DataEntryFactory()
        wait_until(nothing_waits, what="the first entry published")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        DataEntryFactory()
        wait_until(nothing_waits, what="the second entry published")
    assert len(arrived()) == 2


@pytest.mark.django_db
def test_a_dead_producer_is_replaced(arrived: Read) -> None:
    publisher = Publisher()
    DataEntryFactory()
    services.relay_batch(publisher)
    assert publisher._producer
    publisher._producer.close()  # as good as one that Kafka has forgotten
    DataEntryFactory()
    _, outcome = services.relay_batch(publisher)
    assert outcome.failure
    services.relay_batch(publisher)
    assert len(arrived()) == 2
    publisher.close()


class Broken(Publisher):
    """Fails as a mistake in our own code would."""

    def send(self, *_: Any, **__: Any) -> Any:
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_a_relay_does_not_go_on_with_half_of_its_lanes() -> None:
    DataEntryFactory()
    relay = Relay()
    relay._publisher = Broken()
    with pytest.raises(ZeroDivisionError):
        relay.run()
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_relay_goes_on_when_kafka_is_back(proxy: KafkaProxy, arrived: Read) -> None:
    relay = Relay()
    with running(relay):
        with proxy.away():
            DataEntryFactory.create_batch(3)
            wait_until(lambda: relay._failures, seconds=30, what="a failure")
        wait_until(nothing_waits, seconds=60, what="everything published")
    assert len({record.entry_id for record in arrived()}) == 3


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the command is given a database of its own")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_cleanly(number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "manage.py", "relay_data"],
        cwd=django_settings.BASE_DIR,
        env={"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "DATABASE_URL": "sqlite://:memory:", "LOG_FORMAT": "text"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        wait_for_line = iter(process.stderr.readline, "")
        assert any("The relay runs" in line for line in wait_for_line)
        process.send_signal(number)
        assert any("The relay ends" in line for line in wait_for_line)
        assert process.wait(15) == 0


@pytest.mark.django_db
def test_the_command_publishes_refused_entries_again(
    arrived: Read, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "RELAY_BATCH", 2)  # so that it takes several steps
    mended = [DataEntryFactory(refused=True).pk for _ in range(5)]
    hopeless = DataEntryFactory(refused=True, content="x" * 1_100_000)  # more than Kafka takes
    DataEntryFactory(refused=True, published=True)
    out = StringIO()

    call_command("relay_data", "--retry-refused", stdout=out)

    assert out.getvalue().splitlines() == [
        "Refused entries that are tried again: 6.", "Now refused: 1. Now waiting for Kafka: 0.",
    ]  # fmt: skip
    assert [record.entry_id for record in arrived()] == mended
    hopeless.refresh_from_db()
    assert (bool(hopeless.refusal), hopeless.published_at) == (True, None)


@pytest.mark.django_db
def test_what_is_refused_again_meanwhile_is_not_tried_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "RELAY_BATCH", 2)
    DataEntryFactory.create_batch(5, refused=True)
    updates = 0

    def refuse_again(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        nonlocal updates
        answer = execute(sql, parameters, many, context)
        if sql.startswith('UPDATE "data_entries"'):
            updates += 1
            assert updates <= 5, "it does not end"
            execute("UPDATE data_entries SET refusal = 'again'", None, many, context)
        return answer

    with connection.execute_wrapper(refuse_again):
        assert services.retry_all_refused() == 5


@pytest.mark.django_db
def test_tail_data_prints_each_entry_once(client: Any, topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    client.post("/data", {"content": "Привет 🛩️"}, content_type="application/json")
    DataEntry.objects.update(published_at=None, claimed_until="2020-01-01T00:00Z")
    services.relay_waiting(seconds=5)  # comes again
    call_command("tail_data", from_beginning=True, seconds=1)
    printed = capsys.readouterr()
    [line] = printed.out.splitlines()
    assert line.startswith("data_entry {")
    assert "Привет 🛩️" in line
    assert "1 repeats" in printed.err
