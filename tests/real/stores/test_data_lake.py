"""Azure's data lake as its blob endpoint shows it: each folder is an empty blob that is marked as one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compute.exceptions import NotAFile
from compute.files.storage import storage
from tests.compute.files.conftest import used
from tests.compute.files.stored import SALES
from tests.fakes.azurite import Azurite
from tests.fakes.object_store import ObjectStore
from tests.fakes.stores import STORES


@pytest.fixture(params=[name for name in STORES if name != "s3"])
def lake(
    request: pytest.FixtureRequest,
    store_servers: Callable[[str], ObjectStore],
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Azurite:
    store = used(store_servers(request.param), settings, tmp_path, monkeypatch)
    assert isinstance(store, Azurite)
    return store


@pytest.mark.parametrize("mark", ["hdi_isfolder", "Hdi_isfolder"])
def test_folders_of_a_data_lake_are_no_files(lake: Azurite, mark: str) -> None:
    for name in ("compute", "compute/a", "compute/empty"):
        lake.container.upload_blob(name, b"", metadata={mark: "true"})
    lake.put("compute/a/t.csv", SALES)
    assert [file.path for file in storage().files()] == ["a/t.csv"]
    for name in ("a", "empty"):
        assert not storage().is_file(name)
        with pytest.raises(NotAFile):
            storage().upload_path(name, field="file_path")


def test_a_blob_without_the_drivers_own_mark_is_a_file(lake: Azurite) -> None:
    lake.put("compute/t.csv", b"")
    assert [(file.path, file.bytes) for file in storage().files()] == [("t.csv", 0)]
