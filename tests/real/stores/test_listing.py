"""Ten thousand objects: listed a page at a time, with few requests and little memory."""

import http.client
import sys
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from compute.files.storage import storage
from tests.compute.files.conftest import used
from tests.fakes.azurite import ACCOUNT, KEY, Azurite
from tests.fakes.object_store import BUCKET, ObjectStore
from tests.fakes.s3 import S3
from tests.fakes.stores import STORES

OBJECTS, FOLDERS = 10_000, 10
NAMES = [f"compute/{number % FOLDERS}/{number:05}.csv" for number in range(OBJECTS)]
MOST_BYTES = 24_000_000  # of which the names and versions alone, which the test holds, are 10 million


@pytest.fixture(params=[name for name in STORES if name != "abfss"])  # which is az under another address
def filled(
    request: pytest.FixtureRequest,
    store_servers: Callable[[str], ObjectStore],
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> ObjectStore:
    store = used(store_servers(request.param), settings, tmp_path, monkeypatch)
    if isinstance(store, Azurite):
        _fill_azurite(store)
    else:
        _fill_moto()
    return store


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_ten_thousand_objects_are_listed_whole_and_by_page(filled: ObjectStore, client: APIClient, capsys: Any) -> None:
    expected = [name.removeprefix("compute/") for name in sorted(NAMES)]
    next(storage().files())  # loads the driver
    whole, spent, requests = _measured(filled, {})
    assert whole == expected
    assert requests <= 2 * (1 + FOLDERS), "a thousand objects at a time, or one listing of each folder"

    page, page_spent, page_requests = _measured(filled, {"after": expected[4999]}, 100)
    assert page == expected[5000:5100]
    assert page_requests <= 6, "no more than the page, or two for each folder on the way to it"

    answer = client.get("/api/compute/files?limit=500")
    assert [each["file_path"] for each in answer.json()] == expected[:500]
    _assert_that_no_more_is_held_than_a_page_or_a_folder(filled)
    told = f"\n{filled.root}: {OBJECTS} objects in {spent:.1f} s and {requests} requests, a page from the middle"
    with capsys.disabled():
        sys.stdout.write(f"{told} in {page_spent:.2f} s and {page_requests}\n")


def _assert_that_no_more_is_held_than_a_page_or_a_folder(store: ObjectStore) -> None:
    files = storage().files()
    next(files)
    store.received.clear()
    if isinstance(store, S3):  # whose own memory is this process's
        assert len(list(islice(files, 900))) == 900
        assert store.received == []
        return
    tracemalloc.start()
    try:
        assert len(list(files)) == OBJECTS - 1
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def _measured(store: ObjectStore, options: dict[str, str], number: int = OBJECTS) -> tuple[list[str], float, int]:
    store.received.clear()
    began = time.monotonic()
    found = [file.path for file in islice(storage().files(**options), number)]
    return found, time.monotonic() - began, len(store.received)


def _fill_moto() -> None:
    """By its own door, since a request for each takes a minute."""
    from moto.core import DEFAULT_ACCOUNT_ID  # noqa: PLC0415
    from moto.s3.models import s3_backends  # noqa: PLC0415

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for name in NAMES:
        backend.put_object(BUCKET, name, b"a\n1\n")


def _fill_azurite(store: Azurite) -> None:
    """Over connections that are kept, with a signature that is made once."""
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas  # noqa: PLC0415

    allowed, expiry = ContainerSasPermissions(write=True, create=True), datetime.now(UTC) + timedelta(hours=1)
    signature = generate_container_sas(ACCOUNT, BUCKET, account_key=KEY, permission=allowed, expiry=expiry)

    def put(names: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", store.upstream, timeout=60)
        for name in names:
            address = f"/{ACCOUNT}/{BUCKET}/{name}?{signature}"
            connection.request("PUT", address, b"a\n1\n", {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2024-11-04"})
            answer = connection.getresponse()
            assert answer.status == 201, answer.read()
            answer.read()
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, (NAMES[start::4] for start in range(4))))
