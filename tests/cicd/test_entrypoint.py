"""What the container runs: everything, or the one process that is named."""

import os
import subprocess
from pathlib import Path

import pytest

ENTRYPOINT = Path(__file__).parents[2] / "docker-entrypoint.sh"
PROCFILE = """\
web: echo web on ${PORT:-3100}
worker: echo worker
relay: echo relay
release: echo migrated
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with a Procfile, and a honcho that says how it was called."""
    (tmp_path / "Procfile").write_text(PROCFILE)
    honcho = tmp_path / "honcho"
    honcho.write_text('#!/bin/sh\necho honcho "$@"\n')
    honcho.chmod(0o755)
    return tmp_path


def run(app: Path, *arguments: str) -> list[str]:
    environment = {"PATH": f"{app}:{os.environ['PATH']}"}
    command = [str(ENTRYPOINT), *arguments]
    return subprocess.run(
        command, cwd=app, env=environment, check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_all_migrates_then_runs_every_long_running_process(app: Path) -> None:
    assert run(app, "all") == ["migrated", "honcho start --no-prefix --no-colour web worker relay"]


def test_all_runs_nothing_when_the_migration_fails(app: Path) -> None:
    (app / "Procfile").write_text(PROCFILE.replace("echo migrated", "false"))
    with pytest.raises(subprocess.CalledProcessError) as failure:
        run(app, "all")
    assert failure.value.stdout == ""


@pytest.mark.parametrize(
    ("name", "said"), [("web", "web on 3100"), ("worker", "worker"), ("relay", "relay"), ("release", "migrated")]
)
def test_name_runs_that_process_alone(app: Path, name: str, said: str) -> None:
    assert run(app, name) == [said]


@pytest.mark.parametrize("program", ["echo", "/bin/echo"])
def test_anything_else_is_run_as_it_is(app: Path, program: str) -> None:
    assert run(app, program, "a  b", "c") == ["a  b c"]
