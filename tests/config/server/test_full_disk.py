"""A body that finds no room on the disk of WEB_SPOOL, which is real, and small."""

import os
from pathlib import Path

import requests

from tests.disks import fill, run_in_a_namespace, small_disk
from tests.processes import running_system


def test_a_body_without_room_is_507_until_there_is_room(tmp_path: Path) -> None:
    body = b"[" + b" " * 300_000 + b'{"content": "late"}]'
    headers = {"Content-Type": "application/json", "Prefer": "respond-async"}
    with (
        small_disk(tmp_path / "spool", 4 * 1024 * 1024) as spool,
        running_system(tmp_path, WEB_SPOOL=str(spool)) as system,
    ):
        system.start_web("--log-level", "error")
        filler = fill(spool)
        answer = requests.post(f"{system.url}/data", data=body, headers=headers, timeout=20)
        assert (answer.status_code, answer.json()["detail"]) == (
            507,
            "No space is left on the disk of WEB_SPOOL. Free some space, then try again.",
        )
        filler.unlink()
        assert requests.post(f"{system.url}/data", data=body, headers=headers, timeout=20).status_code == 201


def test_in_a_namespace() -> None:
    run_in_a_namespace(os.path.relpath(__file__))
