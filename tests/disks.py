"""Disks that are small enough to be filled: a tmpfs for each, where this process may mount one."""

import ctypes
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from config.core import disk

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"]  # in which anybody may mount
DETACH = 2
SKIPPED = "may not mount here; test_in_a_namespace runs it"
HOW_TO_GET_ONE = (
    "No disk can be filled here: be root, or allow user namespaces (kernel.apparmor_restrict_unprivileged_userns=0)."
)
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a disk of so many bytes at a folder, which is made; leave the test to another process where it may not."""
    if not _may_mount():
        pytest.skip(SKIPPED)
    folder.mkdir(parents=True, exist_ok=True)
    _mount(folder, size)
    try:
        yield folder
    finally:
        _libc.umount2(os.fsencode(folder), DETACH)


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Fill a disk up to its last byte, or to `leave` of them, with a file that is returned."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            size = file.tell()
            file.truncate(max(size - leave, 0))
    return filler


def run_in_a_namespace(test_file: str) -> None:
    """Run a file's tests where one may mount; without a way to do that they fail in CI, and are skipped elsewhere."""
    if _may_mount():
        return
    command = [
        *NAMESPACE,
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:playwright",
        test_file,
    ]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "APRON_TEST_RUN"))}
    ran = subprocess.run(command, cwd=ROOT, env=own, check=False, capture_output=True, text=True, timeout=600)
    if SKIPPED in ran.stdout + ran.stderr or not ran.stdout:  # no namespace, or none in which one may mount
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{HOW_TO_GET_ONE} {ran.stderr.strip()}")
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def forget_full_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let /health of the tests that follow not know that PostgreSQL's server had no room."""
    monkeypatch.setattr(disk, "_server_was_full_at", -math.inf)


@cache
def _may_mount() -> bool:
    with TemporaryDirectory() as folder:
        try:
            _mount(Path(folder), 4096)
        except OSError:
            return False
        _libc.umount2(os.fsencode(folder), DETACH)
        return True


def _mount(folder: Path, size: int) -> None:
    options = f"size={size},mode=0777".encode()
    if _libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, options):
        raise OSError(ctypes.get_errno(), "mount")
