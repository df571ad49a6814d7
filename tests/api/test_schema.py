"""The server does what the schema says: every operation is called with what it allows and with what it forbids."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.conftest import TOKEN, call
from tests.processes import ROOT, System

EXAMPLES = 40
SECONDS = 300


def schemathesis(system: System, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Call the server with what schemathesis makes of its schema."""
    arguments = [
        "--config-file", str(ROOT / "tests/api/schemathesis.toml"), "run", f"{system.url}/schema",
        "--header", f"Authorization: {TOKEN['Authorization']}", "--seed", "1",
        # After 20 wrong tokens from an address the next are 429. tests/config/api/test_scopes.py sends one to each operation.
        "--exclude-checks", "ignored_auth",
        "--max-examples", str(EXAMPLES), "--continue-on-failure", "--suppress-health-check", "filter_too_much",
        "--request-timeout", "30",
    ]  # fmt: skip
    command = [str(Path(sys.executable).parent / "schemathesis"), *arguments]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.api.hooks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
    )


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("required", ["true", "false"])
def test_nothing_is_found_in_any_operation(run: Callable[..., System], tmp_path: Path, required: str) -> None:
    system = run(REQUIRE_TOKEN=required)
    outcome = schemathesis(system, tmp_path)
    assert outcome.returncode == 0, outcome.stdout[-20_000:] + outcome.stderr[-2_000:]
    operations = [each for path in call(system, "GET", "schema")["paths"].values() for each in path]
    assert f"Tested: {len(operations)}\n" in outcome.stdout
