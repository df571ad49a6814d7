"""An object store for the tests that ask for one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from s3fs import S3FileSystem

from tests.fakes.s3 import BUCKET, S3


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    server = S3()
    yield server
    server.close()
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def s3(s3_server: S3, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The store, empty; settings and environment point to it."""
    settings.COMPUTE_ROOT = f"s3://{BUCKET}/compute"
    settings.VAR_DIR = tmp_path / "var"
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    s3_server.reset()
    return s3_server
