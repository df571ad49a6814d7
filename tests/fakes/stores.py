"""Where the tests of files run: in a folder, and on `s3` or the stores that STORES names, of `s3`, `az` and `abfss`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from fsspec.asyn import AsyncFileSystem

from tests.fakes.object_store import ObjectStore
from tests.fakes.s3 import S3

STORES = os.environ.get("STORES", "s3").split(",")


class Anywhere(Protocol):
    """A place with files, by its own door."""

    def names(self) -> list[str]:
        """Return the names of all files."""

    def put(self, key: str, content: bytes) -> None: ...

    def get(self, key: str) -> bytes: ...


class Folder:
    """A folder of this machine, as a store."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        return sorted(str(each.relative_to(self._path)) for each in self._path.rglob("*") if each.is_file())

    def put(self, key: str, content: bytes) -> None:
        (self._path / key).parent.mkdir(parents=True, exist_ok=True)
        (self._path / key).write_bytes(content)

    def get(self, key: str) -> bytes:
        return (self._path / key).read_bytes()


@contextmanager
def started(name: str) -> Iterator[ObjectStore]:
    """Run a store for as long as the block lasts; no driver remembers another one."""
    store = _new(name)
    forget_instances()
    try:
        yield store
    finally:
        store.close()
        forget_instances()


def forget_instances() -> None:
    """Have drivers read their environment anew."""
    drivers = [AsyncFileSystem]
    for driver in drivers:
        drivers += driver.__subclasses__()
        driver.clear_instance_cache()


def _new(name: str) -> ObjectStore:
    if name == "s3":
        return S3()
    from tests.fakes.azurite import Azurite  # noqa: PLC0415 - it wants npm's Azurite

    return Azurite(name)
