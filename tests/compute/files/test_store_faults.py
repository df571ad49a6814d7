"""A store that is busy, slow, or cuts what passes, and files that are replaced while they are read: nothing is mixed."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from compute.exceptions import FileReplaced, StorageUnavailable
from compute.files.errors import FileChanged, StoreUnavailable
from compute.files.locations import BLOCK_BYTES, opened
from compute.files.ownership import Requester, owner_of, set_owner
from compute.files.services import store_upload
from compute.files.storage import storage
from compute.files.versions import fetch
from tests.compute.conftest import RunningRunner
from tests.compute.files.stored import SALES, STATS, left_behind, put
from tests.fakes.faulty import Fault
from tests.fakes.object_store import ANSWER_IS_LOST, BUSY, NEVER_ARRIVES, ObjectStore

LARGE = b"shop,price\n" + b"007,1.5\n" * (2 * BLOCK_BYTES // 8 + 5)  # three blocks
OTHER = LARGE.replace(b"1.5", b"2.5")
UNAVAILABLE = "The store of the files does not answer; try again later."
UPLOADS = ("PUT", "POST")

pytestmark = pytest.mark.usefixtures("store")


def is_read(method: str, path: str) -> bool:
    """Return whether a request asks for what the file holds."""
    return method == "GET" and path.endswith("t.csv")


def is_large(content: bytes) -> bool:
    """Compare it without pytest, which would look for minutes for how 16 MB differ."""
    return content == LARGE


def upload(content: bytes, *, overwrite: bool = False, requester: str = "ana") -> None:
    def blocks() -> Iterator[bytes]:
        for start in range(0, len(content), BLOCK_BYTES // 2):
            yield content[start : start + BLOCK_BYTES // 2]

    asked = Requester(requester)
    store_upload(file_path="t.csv", chunks=blocks(), announced_bytes=len(content), overwrite=overwrite, requester=asked)


@pytest.mark.parametrize("fault", [BUSY, NEVER_ARRIVES, ANSWER_IS_LOST], ids=["busy", "cut off", "no answer"])
@pytest.mark.django_db
def test_an_upload_of_several_parts_outlives_a_fault_in_each_step(store: ObjectStore, fault: Fault) -> None:
    asked = set[tuple[str, str]]()

    def is_first(method: str, path: str) -> bool:
        """Of each kind of request; of parts, which differ in what follows the path, of the first."""
        is_new = method in UPLOADS and (method, path) not in asked
        asked.add((method, path))
        return is_new

    store.meet(fault, is_first)
    upload(LARGE)
    assert is_large(store.get("compute/t.csv"))
    assert owner_of("t.csv") == "ana"


@pytest.mark.parametrize("content", [SALES, LARGE], ids=["one part", "three parts"])
@pytest.mark.django_db
def test_an_upload_that_is_cut_off_for_good_is_told_and_leaves_what_was_there(
    store: ObjectStore, content: bytes
) -> None:
    store.put("compute/t.csv", b"before")
    set_owner("t.csv", "ana")
    store.meet(NEVER_ARRIVES, lambda method, _path: method in UPLOADS)
    with pytest.raises(StorageUnavailable):
        upload(content, overwrite=True)
    store.heal()
    assert store.get("compute/t.csv") == b"before"
    assert owner_of("t.csv") == "ana"


@pytest.mark.django_db
def test_an_upload_that_never_arrived_changes_nobodys_ownership(store: ObjectStore) -> None:
    store.meet(NEVER_ARRIVES, lambda method, _path: method in UPLOADS)
    with pytest.raises(StorageUnavailable):
        upload(SALES)
    store.heal()
    assert owner_of("t.csv") is None


@pytest.mark.parametrize("content", [SALES, LARGE], ids=["one part", "three parts"])
@pytest.mark.django_db
def test_a_file_that_a_store_took_without_saying_so_stays_with_who_brought_it(
    store: ObjectStore, content: bytes
) -> None:
    store.meet_completion(ANSWER_IS_LOST)
    with pytest.raises(StorageUnavailable):
        upload(content)
    store.heal()
    assert store.get("compute/t.csv") == content
    assert owner_of("t.csv") == "ana", "a file without an owner is everybody's"


@pytest.mark.django_db
def test_a_store_that_stays_busy_is_told_after_a_few_tries(client: APIClient, store: ObjectStore) -> None:
    store.put("compute/sales.csv", SALES)
    store.meet(BUSY)
    for answer in (client.get("/api/compute/files"), client.get("/api/compute/files/sales.csv"), put(client, "t.csv")):
        assert (answer.status_code, answer.json()["detail"]) == (503, UNAVAILABLE)
    assert len(store.received) <= 3 * 3 * 2


@pytest.mark.django_db
def test_a_store_that_is_busy_for_a_moment_is_asked_again(client: APIClient, store: ObjectStore) -> None:
    store.put("compute/sales.csv", SALES)
    store.meet(BUSY, times=1)
    back: Any = client.get("/api/compute/files/sales.csv")
    assert back.getvalue() == SALES


def test_a_slow_store_is_waited_for(client: APIClient, runner: RunningRunner, store: ObjectStore) -> None:
    put(client, "sales.csv")
    store.meet(Fault(hang_seconds=0.2, answers=True))
    assert client.post("/api/compute/stats", STATS, format="json").status_code == 200


@pytest.mark.parametrize("cut_after", [0, 1, 100_000])
def test_a_body_that_breaks_off_is_read_again(store: ObjectStore, tmp_path: Any, cut_after: int) -> None:
    store.put("compute/t.csv", LARGE)
    file = storage().existing_file("t.csv", field="file_path")
    store.meet(Fault(cut_after=cut_after), is_read, times=1)
    fetch(file.place, tmp_path / "copy", file.version.text)
    assert is_large((tmp_path / "copy").read_bytes())
    store.meet(Fault(cut_after=cut_after), is_read, times=1)
    with opened(file.place) as reader:
        assert is_large(reader.read())


def test_a_body_that_always_breaks_off_is_never_taken_for_a_whole_one(store: ObjectStore, tmp_path: Any) -> None:
    store.put("compute/t.csv", LARGE)
    file = storage().existing_file("t.csv", field="file_path")
    store.meet(Fault(cut_after=1000), is_read)
    with pytest.raises(StoreUnavailable):
        fetch(file.place, tmp_path / "copy", file.version.text)
    with opened(file.place) as reader, pytest.raises(StoreUnavailable):
        reader.read()


def test_a_job_on_a_file_that_always_breaks_off_fails_as_the_stores_fault(
    client: APIClient, runner: RunningRunner, store: ObjectStore, tmp_path: Any
) -> None:
    put(client, "sales.csv")
    store.meet(Fault(cut_after=10), lambda method, path: method == "GET" and path.endswith("sales.csv"))
    answer = client.post("/api/compute/stats", STATS, format="json")
    assert (answer.status_code, answer.json()["detail"]) == (503, UNAVAILABLE)
    store.heal()
    assert left_behind(store, tmp_path) == []


def test_what_is_replaced_while_it_is_read_is_not_mixed(store: ObjectStore) -> None:
    store.put("compute/t.csv", LARGE)
    file = storage().existing_file("t.csv", field="file_path")
    with storage().open(file) as reader:
        head = reader.read(1000)
        store.put("compute/t.csv", OTHER)
        with pytest.raises(FileReplaced):
            reader.read()
    assert head == LARGE[:1000]
    with pytest.raises(FileReplaced), storage().open(file):
        pass


@pytest.mark.parametrize("other", [OTHER, OTHER + b"\n"], ids=["of the same size", "of another size"])
def test_a_file_that_is_replaced_while_it_is_fetched_is_not_mixed(
    store: ObjectStore, tmp_path: Any, other: bytes
) -> None:
    store.put("compute/t.csv", LARGE)
    file = storage().existing_file("t.csv", field="file_path")
    store.meet(Fault(cut_after=100_000), is_read, times=1)  # so that it is asked for the rest

    def replace(request: Any) -> None:
        if is_read(request.method, request.path.partition("?")[0]):
            store.on_answered = lambda _: None
            store.put("compute/t.csv", other)

    store.on_answered = replace
    with pytest.raises(FileChanged):
        fetch(file.place, tmp_path / "copy", file.version.text)


@pytest.mark.django_db
def test_a_download_that_breaks_off_is_never_a_whole_one(client: APIClient, store: ObjectStore) -> None:
    store.put("compute/t.csv", LARGE)
    answer: Any = client.get("/api/compute/files/t.csv")
    store.put("compute/t.csv", OTHER)
    with pytest.raises(FileReplaced):
        answer.getvalue()
    assert answer["Content-Length"] == str(len(LARGE))
