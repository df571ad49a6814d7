"""Picking up where the disk of the copies is full, really."""

import os
from pathlib import Path
from typing import Any

import pytest

from inflight.models import Pickup
from inflight.services.pickup import MOST_ATTEMPTS
from tests.disks import fill, run_in_a_namespace, small_disk
from tests.inflight.pickup.conftest import Drop, look

pytestmark = pytest.mark.django_db


def test_a_pair_without_room_on_this_machine_waits_and_is_imported_later(
    inbox: Path, drop: Drop, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop("a-")
    with small_disk(tmp_path / "small", 64 * 1024) as disk:
        settings.IMPORT_UPLOADS = str(disk)
        filler = fill(disk)
        for _ in range(MOST_ATTEMPTS + 1):
            first = look(inbox)
        assert (first.ended, first.is_to_be_continued, Pickup.objects.get().attempts) == ([], True, 0)
        assert "waits: No space is left on the disk of IMPORT_UPLOADS" in caplog.text
        filler.unlink()
        assert [pickup.status for pickup in look(inbox).ended] == ["done"]


def test_in_a_namespace() -> None:
    run_in_a_namespace(os.path.relpath(__file__))
