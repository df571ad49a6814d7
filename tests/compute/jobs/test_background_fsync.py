"""Results reach the disk while they are written."""

import errno
import os
import threading
from pathlib import Path

import pytest

from compute.jobs.background_fsync import fsync_in_background


def write_until(event: threading.Event, path: Path) -> None:
    with fsync_in_background(path):
        path.write_bytes(b"the first rows")
        assert event.wait(20)


def test_a_file_is_flushed_before_its_writer_is_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    flush, flushed = os.fsync, threading.Event()

    def fsync(file: int) -> None:
        flush(file)
        flushed.set()

    monkeypatch.setattr("os.fsync", fsync)
    write_until(flushed, tmp_path / "result")


def test_what_the_disk_refuses_is_raised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refused = threading.Event()

    def fsync(_: int) -> None:
        refused.set()
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr("os.fsync", fsync)
    with pytest.raises(OSError, match="the disk is broken"):
        write_until(refused, tmp_path / "result")


def test_a_file_that_never_comes_is_no_fault(tmp_path: Path) -> None:
    with fsync_in_background(tmp_path / "result"):
        pass
