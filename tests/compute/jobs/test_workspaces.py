"""What a killed runner leaves of its children goes with the next one; what is in use stays."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from compute.jobs.workspaces import Workspace, remove_abandoned_workspaces
from tests.processes import ROOT

HOLD_ONE = "from compute.jobs.workspaces import Workspace; print(Workspace().path, flush=True); input()"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, empty."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


def test_the_folder_of_a_killed_process_is_removed_and_not_before() -> None:
    command = [sys.executable, "-c", HOLD_ONE]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        folder = Path(process.stdout.readline().strip())
        (folder / "blocks").write_text("what an engine kept")
        remove_abandoned_workspaces()
        assert (folder / "blocks").exists()
        process.kill()
        process.wait()
    remove_abandoned_workspaces()
    assert not folder.exists()


def test_a_folder_goes_with_its_child(temporary: Path) -> None:
    folder = Workspace()
    (folder.path / "blocks").write_text("what an engine kept")
    folder.remove()
    assert list(temporary.iterdir()) == []


def test_what_only_looks_like_one_stays(temporary: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (temporary / "apron-child-link").symlink_to(elsewhere)
    (temporary / "apron-child-file").write_text("somebody's")
    remove_abandoned_workspaces()
    assert elsewhere.exists()
    assert len(list(temporary.iterdir())) == 2
