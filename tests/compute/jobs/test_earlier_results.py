"""An earlier result is given again for the very same bytes, and for no others, however those came there."""

import mmap
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compute.files.errors import FileChanged
from compute.files.storage import storage
from compute.jobs import leases, services
from compute.jobs.execute import execute
from compute.models import Job
from tests.compute.pages.workbench import done_job

pytestmark = pytest.mark.django_db
OLD, NEW = "price\n1\n", "price\n2\n"  # as many bytes
HOUR = 3600 * 10**9


@pytest.fixture
def table(compute_root: Path) -> Path:
    path = compute_root / "a" / "table.csv"
    path.parent.mkdir()
    path.write_text(OLD)
    os.utime(path, (10**9, 10**9))  # whole seconds, which archives keep
    return path


def ask() -> tuple[Job, list[str]]:
    """Return the job that answers, and the lines of its answer."""
    job = done_job("non_null", {"columns": ["price"]}, file_path="a/table.csv")
    return job, (Path(storage().results).parent / job.result_path).read_text().split()


def edit(table: Path) -> None:
    found = table.stat()
    table.write_text(NEW)
    os.utime(table, ns=(found.st_atime_ns, found.st_mtime_ns))


def twin_of(table: Path) -> Path:
    """Return another file of the same size and modification time."""
    twin = table.parent.with_name("b") / table.name
    twin.parent.mkdir()
    twin.write_text(NEW)
    shutil.copystat(table, twin)
    return twin


def move_onto(table: Path) -> None:
    twin_of(table).replace(table)


def copy_onto(table: Path) -> None:
    shutil.copy2(twin_of(table), table)


def link_anew(table: Path) -> None:
    twin = twin_of(table)
    table.unlink()
    table.hardlink_to(twin)


def point_elsewhere(table: Path) -> None:
    twin = twin_of(table)
    table.unlink()
    table.symlink_to(twin)


def swap_folders(table: Path) -> None:
    twin = twin_of(table)
    table.parent.rename(table.parent.with_name("c"))
    twin.parent.rename(table.parent)


def unpack(table: Path) -> None:
    twin = twin_of(table)
    with tarfile.open(table.with_suffix(".tar"), "w") as tar:
        tar.add(twin, table.name)
    with tarfile.open(table.with_suffix(".tar")) as tar:
        tar.extractall(table.parent, filter="data")


@pytest.mark.parametrize(
    "change",
    [edit, move_onto, copy_onto, link_anew, point_elsewhere, swap_folders, unpack],
    ids=lambda each: each.__name__,
)
def test_other_bytes_of_the_same_size_and_time_are_computed_on(table: Path, change: Callable[[Path], None]) -> None:
    before = table.stat()
    first, answer = ask()
    change(table)
    after = table.stat()
    again, other_answer = ask()

    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert (answer, other_answer) == (["price", "1"], ["price", "2"])
    assert again.pk != first.pk


@pytest.mark.parametrize("change", [edit, move_onto])
def test_a_change_while_a_file_is_read_fails_the_job(table: Path, change: Callable[[Path], None]) -> None:
    job = services.submit_job(services.Request("non_null", {"columns": ["price"]}, "a/table.csv", "ana"), fresh=True)

    with pytest.raises(FileChanged):
        execute(leases.job_spec_for(job), lambda _: change(table))


def test_an_unchanged_file_is_answered_from_the_earlier_result(table: Path) -> None:
    first, _ = ask()

    assert ask()[0].pk == first.pk


@pytest.mark.parametrize("change", [edit, move_onto, Path.unlink, lambda result: os.truncate(result, 1)])
def test_a_result_that_was_changed_is_computed_anew(table: Path, change: Callable[[Path], None]) -> None:
    first, answer = ask()
    change(Path(storage().results).parent / first.result_path)
    again, same_answer = ask()

    assert answer == same_answer == ["price", "1"]
    assert again.pk != first.pk


def test_a_result_of_a_release_that_answers_otherwise_is_computed_anew(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = ask()
    monkeypatch.setattr(services, "RESULTS_REVISION", services.RESULTS_REVISION + 1)

    assert ask()[0].pk != first.pk


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as pages:
        yield pages


def notices_writes_to_pages_on_disk(folder: Path) -> bool:
    """Whether a write to a mapped page, once that is on the disk, makes a new ctime. Where there is no disk, it does not."""
    (folder / "probe").write_text(OLD)
    with mapped(folder / "probe") as pages:
        pages[0:1] = b"P"
        pages.flush()
        before = (folder / "probe").stat().st_ctime_ns
        pages[0:1] = b"p"
        return (folder / "probe").stat().st_ctime_ns != before


def test_a_write_to_a_page_in_memory_is_seen(table: Path) -> None:
    if not notices_writes_to_pages_on_disk(table.parent):
        pytest.skip("this file system is in memory")
    with mapped(table) as pages:
        pages[:] = OLD.encode()  # from now on the page is in memory only
        first, answer = ask()
        pages[:] = NEW.encode()
        again, other_answer = ask()

    assert (answer, other_answer) == (["price", "1"], ["price", "2"])
    assert again.pk != first.pk


def test_a_file_just_written_is_computed_on_anew(table: Path, margin: Callable[[int], None]) -> None:
    margin(HOUR)
    first, _ = ask()
    margin(0)
    again, _ = ask()

    assert (first.is_reusable, again.is_reusable) == (False, True)
    assert again.pk != first.pk
    assert ask()[0].pk == again.pk


def test_the_job_under_way_of_a_file_just_written_is_found(table: Path, margin: Callable[[int], None]) -> None:
    margin(HOUR)
    request = services.Request("stats", {"columns": ["price"], "by": []}, "a/table.csv", "ana")
    waiting = services.submit_job(request, fresh=False)

    assert services.newest_job(request) == waiting


def test_the_clock_of_the_files_has_reached_each_write(table: Path) -> None:
    for _ in range(1000):
        table.write_text(NEW)
        assert table.stat().st_ctime_ns <= storage().now_ns()
