"""Paths of callers: below COMPUTE_ROOT, and nowhere else."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from compute.exceptions import FileMissing, NotAFile, OutsideRoot, UnusableName
from compute.files.locations import AtomicFile, filesystem
from compute.files.storage import storage
from compute.files.storage.objects import visible_files


@pytest.mark.parametrize("path", ["../secret.csv", "a/../../secret.csv", "/etc/passwd", "/dev/zero", "a\0.csv", ".."])
def test_paths_that_lead_out_are_forbidden(path: str, compute_root: Path) -> None:
    (compute_root.parent / "secret.csv").write_text("a\n1\n")

    with pytest.raises(OutsideRoot):
        storage().existing_file(path, field="file_path")
    with pytest.raises((OutsideRoot, UnusableName)):
        storage().upload_path(path, field="file_path")


@pytest.mark.parametrize("target", ["../secret.csv", "/dev/zero", "/etc"])
def test_links_that_lead_out_are_forbidden(target: str, compute_root: Path) -> None:
    (compute_root.parent / "secret.csv").write_text("a\n1\n")
    (compute_root / "link").symlink_to(target)

    with pytest.raises(OutsideRoot):
        storage().existing_file("link" if target != "/etc" else "link/passwd", field="file_path")


@pytest.mark.timeout(10)
def test_what_is_no_regular_file_is_never_opened(compute_root: Path) -> None:
    os.mkfifo(compute_root / "pipe.csv")
    (compute_root / "folder.csv").mkdir()

    for name in ("pipe.csv", "folder.csv"):
        with pytest.raises(NotAFile):
            storage().existing_file(name, field="file_path")


@pytest.mark.parametrize("path", ["nothing.csv", ".scratch/1-1/input", ".hidden", "x" * 5000, "loop"])
def test_what_is_not_there_and_what_is_our_own_is_missing(path: str, compute_root: Path) -> None:
    (compute_root / ".scratch").mkdir()
    (compute_root / ".hidden").write_text("a\n1\n")
    (compute_root / "loop").symlink_to("loop")

    with pytest.raises((FileMissing, OutsideRoot)):
        storage().existing_file(path, field="file_path")


def test_a_link_into_our_own_folder_does_not_open_it(compute_root: Path) -> None:
    (compute_root / ".scratch").mkdir()
    (compute_root / ".scratch" / "half").write_text("a\n")
    (compute_root / "link").symlink_to(".scratch/half")

    with pytest.raises(FileMissing):
        storage().existing_file("link", field="file_path")


@pytest.mark.parametrize("path", [".hidden", "a/.b/c.csv", "", "a\nb.csv", "x" * 300])
def test_unusable_names_of_uploads_are_refused(path: str) -> None:
    with pytest.raises(UnusableName):
        storage().upload_path(path, field="file_path")


def test_the_folder_of_results_takes_no_uploads() -> None:
    with pytest.raises(OutsideRoot, match="belongs to the jobs"):
        storage().upload_path("results/x.csv", field="file_path")


def test_files_are_listed_by_path_from_a_cursor_on(compute_root: Path) -> None:
    for name in ("b.csv", "a/y.csv", "a/x.csv", "c/z.csv", ".scratch/s"):
        (compute_root / name).parent.mkdir(exist_ok=True)
        (compute_root / name).write_text("a\n")
    (compute_root / "link").symlink_to("b.csv")

    listed = [file.path for file in storage().files()]

    assert listed == ["a/x.csv", "a/y.csv", "b.csv", "c/z.csv"]
    for position, name in enumerate(listed):
        assert [file.path for file in storage().files(after=name)] == listed[position + 1 :]


def test_on_a_file_system_behind_a_url_a_file_is_renamed_into_place() -> None:
    fs, _ = filesystem("memory://apron/")
    with AtomicFile("memory://apron/a/t.csv") as draft:
        draft.write(b"half")
        assert not fs.exists("/apron/a/t.csv")
        draft.write(b" and half")
        draft.commit()
    with AtomicFile("memory://apron/a/t.csv") as draft:
        draft.write(b"never kept")

    assert fs.find("/apron") == ["/apron/a/t.csv"]
    assert fs.cat("/apron/a/t.csv") == b"half and half"


class _Lake:
    """A listing as a driver gives it of a data lake: a folder by its marker and by what is in it."""

    def ls(self, path: str, *, detail: bool) -> list[dict[str, Any]]:
        assert detail
        folders = [
            {"name": "lake/a", "type": "directory", "size": None},
            {"name": "lake/a/", "type": "directory", "size": None},
        ]
        files = {"lake": ["lake/b", "lake/a"], "lake/a": ["lake/a/y", "lake/a/x"]}[path]
        return (folders if path == "lake" else []) + [{"name": name, "type": "file", "size": 1} for name in files]


def test_a_folder_that_is_told_twice_is_listed_once_and_a_cursor_passes_a_file_of_its_name() -> None:
    listed = [path for path, _ in visible_files(_Lake(), "lake", "", "")]
    assert listed == ["a", "a/x", "a/y", "b"]
    for position, name in enumerate(listed):
        assert [path for path, _ in visible_files(_Lake(), "lake", "", name)] == listed[position + 1 :]


def test_uploads_are_swept_that_nobody_goes_on_with_and_one_that_ends_meanwhile_is_no_error(compute_root: Path) -> None:
    folder = compute_root / ".scratch" / "uploads"
    folder.mkdir(parents=True)
    (folder / "ended").symlink_to(folder / "gone")  # listed, and not there when it is looked at
    for name, age in (("abandoned", 100_000), ("under way", 0)):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - age,) * 2)

    storage().remove_abandoned_uploads()

    assert sorted(place.name for place in folder.iterdir()) == ["ended", "under way"]
