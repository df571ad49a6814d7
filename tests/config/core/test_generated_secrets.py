"""Secrets that nobody gave: made once, the same for all, readable by nobody else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config.core.generated_secrets import read_or_generate_secret

MAKE = """
import sys
from pathlib import Path
from config.core.generated_secrets import read_or_generate_secret
sys.stdin.readline()
print(read_or_generate_secret(Path(sys.argv[1]), "API_TOKEN", announce=True))
"""


def test_processes_that_start_at_once_agree_and_one_of_them_announces_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(tmp_path / "var" / "secrets.json")]
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(6)
    ]
    for process in processes:  # all are at the line before it by the time the last is told
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=30) for process in processes]
    (secret,) = {out.strip() for out, _ in answers}
    assert [secret in error for _, error in answers].count(True) == 1


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    read_or_generate_secret(tmp_path / "secrets.json", "SECRET_KEY")
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_secrets_stay_the_same(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = read_or_generate_secret(path, "SECRET_KEY")
    assert read_or_generate_secret(path, "SECRET_KEY") == first


def test_each_name_has_a_long_secret_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = {name: read_or_generate_secret(path, name) for name in ("SECRET_KEY", "API_TOKEN")}
    assert json.loads(path.read_text()) == made
    assert len(set(made.values())) == 2
    assert all(len(secret) >= 50 for secret in made.values())


def test_a_secret_is_printed_only_when_it_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "secrets.json"
    secret = read_or_generate_secret(path, "API_TOKEN", announce=True)
    assert secret in capsys.readouterr().err
    read_or_generate_secret(path, "API_TOKEN", announce=True)
    assert capsys.readouterr().err == ""


def test_a_secret_that_is_nobodys_business_is_never_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read_or_generate_secret(tmp_path / "secrets.json", "SECRET_KEY")
    assert capsys.readouterr().err == ""


def test_nothing_but_the_file_and_its_lock_is_left(tmp_path: Path) -> None:
    read_or_generate_secret(tmp_path / "secrets.json", "SECRET_KEY")
    assert {path.name for path in tmp_path.iterdir()} == {"secrets.json", ".secrets.json.lock"}
