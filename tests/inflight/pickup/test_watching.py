"""What tells of new files at once, and the same in a terminal."""

import threading
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django_q.models import OrmQ

from config.worker import folders
from config.worker.folders import wake_on_arrival, watch_folders
from inflight.models import Customer, Pickup
from inflight.services.pickup import pick_up
from inflight.services.watching import watch_inbox
from tests.fakes.faulty import wait_until
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMERS, PURCHASES
from tests.inflight.pickup.conftest import Drop, names, put

TASK = "inflight.tasks.pick_up"


class Watched:
    """A folder whose new files wake the task; the test makes it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._stopping = folder, threading.Event()
        self._threads: set[threading.Thread] = set()
        self._count = 0

    def start(self) -> None:
        """Watch as the worker's supervisor does."""
        before = set(threading.enumerate())
        watch_folders(self._stopping)
        self._threads = set(threading.enumerate()) - before

    def wakes_for_a_new_file(self) -> bool:
        """Make a file; return whether the task was woken. Of files that come before the watch has begun nobody is told."""
        self._count += 1
        (self.folder / f"{self._count}.csv").touch()
        return bool(OrmQ.objects.exists())

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(20)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(folders, "_folders", {})
    monkeypatch.setattr(folders, "RETRY_SECONDS", 0.2)
    watched = Watched(tmp_path / "watched")
    wake_on_arrival(str(watched.folder), TASK)
    yield watched
    watched.stop()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_appears_wakes_the_task(watched: Watched) -> None:
    watched.folder.mkdir()
    watched.start()
    wait_until(watched.wakes_for_a_new_file, seconds=30)


@pytest.mark.django_db(transaction=True)
def test_a_folder_that_comes_later_is_watched_then(watched: Watched, caplog: Any) -> None:
    watched.start()
    wait_until(lambda: "is not watched" in caplog.text, what="the warning")
    watched.folder.mkdir()
    wait_until(watched.wakes_for_a_new_file, seconds=30)


@pytest.mark.django_db(transaction=True)
def test_watching_an_inbox_imports_and_sends_what_comes_without_a_worker(
    inbox: Path, drop: Drop, partner: Partner
) -> None:
    drop("a-")
    stopping = threading.Event()
    watching = watch_inbox(str(inbox), send=True, stopping=stopping)
    assert next(watching).names == ["a-customers.csv", "a-purchases.csv"]
    drop("b-")
    assert next(watching).status == "repeated"
    stopping.set()
    assert list(watching) == []
    assert len(partner.customers) == 2


@pytest.mark.django_db
def test_the_command_says_in_a_line_what_became_of_each_pair(
    inbox: Path, drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for start, purchases in (("a-", PURCHASES), ("b-", PURCHASES), ("c-", ["nothing"])):
        put(inbox, start, CUSTOMERS, purchases, marked=True)
    handlers: list[Callable[..., None]] = []
    monkeypatch.setattr("signal.signal", lambda _number, handler: handlers.append(handler))
    out = StringIO()
    stop_when_done = threading.Timer(
        0, lambda: wait_until(lambda: handlers and names(inbox) == [] and (handlers[0](), 1))
    )
    stop_when_done.start()
    call_command("import_csv", watch=str(inbox), stdout=out)
    stop_when_done.join()
    run = Pickup.objects.order_by("pk")[0].run_id
    assert out.getvalue().splitlines()[1:] == [
        f"a-customers.csv and a-purchases.csv: Completed, run {run}.",
        f"b-customers.csv and b-purchases.csv: imported before, as run {run}.",
        "c-customers.csv and c-purchases.csv: failed. " + Pickup.objects.order_by("-pk")[0].error,
    ]
    assert Customer.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "options",
    [{}, {"watch": "x", "dry_run": True}, {"watch": "x", "rejects": "y"}, {"watch": "x", "customers": "c.csv"}],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="inbox"):
        call_command("import_csv", *([options.pop("customers")] if "customers" in options else []), **options)


@pytest.mark.django_db
def test_an_address_with_a_password_is_refused_and_not_shown(settings: Any, caplog: Any, admin_client: Client) -> None:
    settings.IMPORT_INBOX = place = "sftp://apron:hunter2@127.0.0.1:9/inbox"
    with pytest.raises(CommandError, match="FSSPEC_SFTP_PASSWORD") as refused:
        call_command("import_csv", watch=place)
    pick_up()
    assert "holds a password" in caplog.text
    page = admin_client.get("/admin/inflight/pickup/").content.decode()
    assert "hunter2" not in caplog.text + page + str(refused.value)
