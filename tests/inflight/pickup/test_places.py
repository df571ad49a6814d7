"""The inbox in an object store, and on an SFTP server: the same, whatever the place."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec.config
import pytest

from inflight.imports.inbox import InboxUnavailable
from inflight.models import Customer, Pickup
from inflight.services.inboxes import drop_picked_up
from inflight.services.pickup import MOST_ATTEMPTS
from tests.fakes.faulty import Fault
from tests.fakes.object_store import ANSWER_IS_LOST, BUSY, NEVER_ARRIVES, ObjectStore
from tests.fakes.sftp import PASSWORD, USER, Sftp
from tests.fakes.stores import STORES
from tests.inflight.conftest import CUSTOMERS, PURCHASES
from tests.inflight.pickup.conftest import let_time_pass, look, names, put, run_of

pytestmark = pytest.mark.django_db

BAD_PURCHASES = [*PURCHASES, "2/04;9;4324;1;10;EUR;2024-11-04"]


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest, store_servers: Callable[[str], ObjectStore], monkeypatch: pytest.MonkeyPatch
) -> ObjectStore:
    """An empty bucket."""
    store: ObjectStore = store_servers(request.param)
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    store.hasten(monkeypatch)
    store.reset()
    return store


def place_in(store: ObjectStore) -> str:
    return f"{store.root}/inbox"


def put_objects(store: ObjectStore, start: str = "", purchases: list[str] = PURCHASES, *, marked: bool = True) -> None:
    for kind, lines in (("customers", CUSTOMERS), ("purchases", purchases)):
        store.put(f"inbox/{start}{kind}.csv", "\n".join(lines).encode())
        if marked:
            store.put(f"inbox/{start}{kind}.csv.done", b"")


def test_an_empty_place_in_a_store_has_no_files(store: ObjectStore) -> None:
    assert look(place_in(store)).ended == []


def test_a_pair_of_objects_is_imported_and_moved(store: ObjectStore) -> None:
    put_objects(store, "AF12[1]-", BAD_PURCHASES)
    [pickup] = look(place_in(store)).ended
    assert run_of(pickup).status == "completed_with_rejects"
    assert Customer.objects.count() == 2
    assert store.names() == [f"inbox/done/AF12[1]-{name}.csv" for name in ("customers", "purchases", "rejects")]
    assert store.get("inbox/done/AF12[1]-customers.csv").decode() == "\n".join(CUSTOMERS)


def test_objects_without_a_mark_are_taken_once_they_lay_still(store: ObjectStore) -> None:
    put_objects(store, marked=False)
    assert look(place_in(store)).ended == []
    let_time_pass()
    assert [pickup.status for pickup in look(place_in(store)).ended] == ["done"]


def test_objects_that_fail_and_names_that_are_taken_are_as_in_a_folder(store: ObjectStore) -> None:
    for _ in range(2):
        put_objects(store, purchases=["nothing"])
        [pickup] = look(place_in(store)).ended
    number = pickup.pk
    kinds = ("customers.csv", "error.txt", "purchases.csv")
    assert store.names() == sorted(f"inbox/failed/{start}{kind}" for kind in kinds for start in ("", f"{number}-"))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_store_that_refuses_is_asked_again(store: ObjectStore, method: str) -> None:
    put_objects(store)
    store.refuse(lambda asked, path: asked == method and "done" not in path.rpartition("/")[2])
    assert look(place_in(store)).ended == []
    store.heal()
    [pickup] = look(place_in(store)).ended
    assert (pickup.status, pickup.attempts, run_of(pickup).status) == ("done", 1, "completed")
    assert store.names() == ["inbox/done/customers.csv", "inbox/done/purchases.csv"]


FAULTS = {"busy": BUSY, "cut off": NEVER_ARRIVES, "no answer": ANSWER_IS_LOST, "half a body": Fault(cut_after=10)}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_pair_outlives_what_a_store_does_to_one_of_its_files(store: ObjectStore, fault: str) -> None:
    put_objects(store)
    store.meet(FAULTS[fault], lambda _method, path: path.endswith("purchases.csv"))
    assert look(place_in(store)).ended == []
    store.heal()
    [pickup] = look(place_in(store)).ended
    assert (pickup.status, run_of(pickup).status) == ("done", "completed")
    assert store.names() == ["inbox/done/customers.csv", "inbox/done/purchases.csv"]
    assert Customer.objects.count() == 2


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sftp]:
    """A server whose / has a folder inbox, known to us."""
    (tmp_path / "remote" / "inbox").mkdir(parents=True)
    server = Sftp(tmp_path / "remote", tmp_path / "known_hosts")
    known = {"password": PASSWORD, "known_hosts": str(tmp_path / "known_hosts")}
    monkeypatch.setitem(fsspec.config.conf, "sftp", known)
    yield server
    server.close()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """The inbox, where the server has it."""
    return tmp_path / "remote" / "inbox"


def address(sftp: Sftp) -> str:
    return f"sftp://{USER}@127.0.0.1:{sftp.port}/inbox"


def test_a_pair_on_an_sftp_server_is_imported_and_moved(sftp: Sftp, remote: Path) -> None:
    put(remote, "AF12-", CUSTOMERS, BAD_PURCHASES, marked=True)
    [pickup] = look(address(sftp)).ended
    assert run_of(pickup).status == "completed_with_rejects"
    assert names(remote) == []
    assert names(remote / "done") == ["AF12-customers.csv", "AF12-purchases.csv", "AF12-rejects.csv"]


def test_each_look_connects_anew(sftp: Sftp, remote: Path) -> None:
    for start in ("a-", "b-"):
        put(remote, start, CUSTOMERS, PURCHASES, marked=True)
        assert len(look(address(sftp)).ended) == 1
        for transport in sftp._transports:
            transport.close()


def test_a_link_on_the_server_is_not_followed(sftp: Sftp, remote: Path) -> None:
    put(remote, "", CUSTOMERS, PURCHASES, marked=True)
    (remote / "customers.csv").rename(remote / "secret")
    (remote / "customers.csv").symlink_to("secret")
    look(address(sftp))
    let_time_pass()
    assert look(address(sftp)).ended == []


def test_a_server_that_is_not_known_is_refused(sftp: Sftp, remote: Path, tmp_path: Path, caplog: Any) -> None:
    (tmp_path / "known_hosts").write_text("")
    put(remote, "", CUSTOMERS, PURCHASES, marked=True)
    assert look(address(sftp)).ended == []
    assert "not found in known_hosts" in caplog.text
    assert not Pickup.objects.exists()


def test_a_file_that_cannot_be_read_on_the_server_does_not_stop_the_others_and_fails_in_the_end(
    sftp: Sftp, remote: Path
) -> None:
    put(remote, "AA-", CUSTOMERS, PURCHASES, marked=True)
    put(remote, "ZZ-", CUSTOMERS, PURCHASES, marked=True)
    sftp.unreadable.add("AA-customers.csv")
    assert [pickup.names[0] for pickup in look(address(sftp)).ended] == ["ZZ-customers.csv"]
    for _ in range(MOST_ATTEMPTS - 2):
        assert look(address(sftp)).ended == []
    [pickup] = look(address(sftp)).ended
    assert (pickup.status, pickup.attempts) == ("failed", MOST_ATTEMPTS)
    assert "could not be fetched in 10 attempts" in pickup.error
    assert "PermissionError" in pickup.error
    assert names(remote / "failed") == ["AA-customers.csv", "AA-error.txt", "AA-purchases.csv"]


def test_a_name_on_the_server_that_is_not_utf8_does_not_stop_the_others(sftp: Sftp, remote: Path, caplog: Any) -> None:
    Path(os.fsdecode(os.fsencode(remote) + b"/AF\xe9-customers.csv")).write_text("x")
    put(remote, "ZZ-", CUSTOMERS, PURCHASES, marked=True)
    assert [pickup.status for pickup in look(address(sftp)).ended] == ["done"]
    assert "not UTF-8" in caplog.text


@pytest.mark.parametrize("folder", ["done", "failed"])
def test_nothing_is_moved_into_or_deleted_from_a_folder_that_is_a_link(
    sftp: Sftp, remote: Path, folder: str, tmp_path: Path, settings: Any
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("not ours")
    (remote / folder).symlink_to(elsewhere)
    put(remote, "", CUSTOMERS, PURCHASES if folder == "done" else ["nothing"], marked=True)
    for place in (address(sftp), str(remote)):
        assert look(place).ended == []
        settings.IMPORT_INBOX = place
        with pytest.raises(InboxUnavailable, match=f"{folder} in the inbox is a link"):
            drop_picked_up()
    assert names(elsewhere) == ["precious"]
