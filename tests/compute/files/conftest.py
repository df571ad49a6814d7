"""An object store for the tests that ask for one: moto's S3, or what STORES names (make test-stores has Azurite, too)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.object_store import ObjectStore
from tests.fakes.stores import STORES, Anywhere, Folder


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest,
    store_servers: Callable[[str], ObjectStore],
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> ObjectStore:
    """The store, empty; settings and environment point to it."""
    return used(store_servers(request.param), settings, tmp_path, monkeypatch)


@pytest.fixture(params=["folder", *STORES])
def anywhere(
    request: pytest.FixtureRequest,
    store_servers: Callable[[str], ObjectStore],
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Anywhere:
    """A folder or a store, empty; COMPUTE_ROOT is compute/ there."""
    if request.param != "folder":
        return used(store_servers(request.param), settings, tmp_path, monkeypatch)
    settings.COMPUTE_ROOT = str(tmp_path / "store" / "compute")
    return Folder(tmp_path / "store")


def used(store: ObjectStore, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """Have settings and environment point to a store, which is emptied."""
    settings.COMPUTE_ROOT = f"{store.root}/compute"
    settings.VAR_DIR = tmp_path / "var"
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    store.hasten(monkeypatch)
    store.reset()
    return store
