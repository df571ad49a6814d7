"""COMPUTE_ROOT in an object store: the same service, whatever the store does in the middle."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from compute.exceptions import UnusableName
from compute.files.locations import BLOCK_BYTES
from compute.files.ownership import Requester
from compute.files.services import store_upload
from compute.files.storage import storage
from compute.jobs import leases, services
from tests.compute.files.stored import STATS, put
from tests.fakes.object_store import ObjectStore
from tests.fakes.s3 import S3

pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.parametrize("name", ["b\\c.csv", "b./c.csv", "c.", "c.csv?versionid=1"])
def test_a_name_that_would_be_anothers_is_refused(name: str) -> None:
    with pytest.raises(UnusableName):
        storage().upload_path(name, field="file_path")


def test_an_object_whose_name_no_path_leads_to_is_not_listed(store: ObjectStore) -> None:
    only_s3_takes = ("/b.csv", "a/./b.csv") if isinstance(store, S3) else ()
    for name in ("a/b.csv", "a//b.csv", *only_s3_takes):
        store.put(f"compute/{name}", b"x\n1\n")

    assert [file.path for file in storage().files()] == ["a/b.csv"]


@pytest.mark.django_db
def test_an_upload_of_several_parts_that_ends_early_leaves_nothing(store: ObjectStore) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x" * (BLOCK_BYTES + 1)
        assert store.open_uploads() == 1
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store_upload(
            file_path="t.csv",
            chunks=chunks(),
            announced_bytes=3 * BLOCK_BYTES,
            overwrite=False,
            requester=Requester("ana"),
        )

    assert (store.names(), store.open_uploads()) == ([], store.kept_uploads)


@pytest.mark.django_db
def test_a_store_that_refuses_is_told_as_unavailable(client: APIClient, store: ObjectStore) -> None:
    store.refuse(lambda _method, _path: True)
    answers = [
        client.get("/api/compute/files"),
        client.get("/api/compute/files/sales.csv"),
        put(client, "sales.csv"),
        client.post("/api/compute/stats", STATS, format="json"),
    ]

    assert [(answer.status_code, answer.json()["detail"]) for answer in answers] == [
        (503, "The store of the files does not answer; try again later.")
    ] * 4


@pytest.mark.django_db
def test_what_dead_attempts_left_and_old_results_are_dropped(store: ObjectStore, settings: Any) -> None:
    settings.RESULT_RETENTION_DAYS = -1
    store.put("compute/.scratch/7-1/part-0", b"x")
    store.put("compute/results/old.csv", b"x")
    storage().scratch("8-1").mkdir(parents=True)

    leases.drop_old_scratch()
    services.drop_old_results()

    assert store.names() == []
    assert not storage().scratch("8-1").exists()
