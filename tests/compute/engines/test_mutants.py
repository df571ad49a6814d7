"""No file of any kind makes a job fail as if the fault were ours: it has a result, or a reason (mutants.py beside this)."""

import json
import os
import subprocess
import sys

import pytest

MUTANTS, SEED = 3000, 1
STEP = 1 if os.environ.get("MUTANTS") == "all" else 6  # by default every sixth, of all kinds


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_a_file_broken_by_chance_has_a_result_or_a_reason(engine: str) -> None:
    command = [sys.executable, "-m", "tests.compute.engines.mutants", *map(str, (SEED, 0, MUTANTS, STEP)), engine]
    environment = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"}  # as in a child: its own reserves 1 GB at once

    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)

    lines = ran.stdout.splitlines()
    assert [json.loads(line)["error"] for line in lines if line.startswith("{")] == []
    assert [int(line) for line in lines] == list(range(0, MUTANTS, STEP)), "the last one has ended the process"
