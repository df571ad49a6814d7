"""An inbox of its own for each test, and files to put into it."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from inflight.models import ImportRun, Pickup
from inflight.services.pickup import STILL_SECONDS, Look
from tests.inflight.conftest import CUSTOMERS, PURCHASES

Drop = Callable[..., None]


@pytest.fixture
def inbox(tmp_path: Path, settings: Any) -> Path:
    """A folder that IMPORT_INBOX names."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    settings.IMPORT_INBOX = str(folder)
    return folder


@pytest.fixture
def drop(inbox: Path) -> Drop:
    """Put a pair of files into the inbox, marked as whole."""

    def drop(
        start: str = "", customers: list[str] = CUSTOMERS, purchases: list[str] = PURCHASES, *, marked: bool = True
    ) -> None:
        put(inbox, start, customers, purchases, marked=marked)

    return drop


def put(folder: Path, start: str, customers: list[str], purchases: list[str], *, marked: bool) -> None:
    """Put a pair of files into a folder, each of them whole from the beginning."""
    for kind, lines in (("customers", customers), ("purchases", purchases)):
        draft = folder / f".{start}{kind}.csv"
        draft.write_text("\n".join(lines) + "\n")
        draft.rename(folder / f"{start}{kind}.csv")
        if marked:
            (folder / f"{start}{kind}.csv.done").touch()


def look(place: Path | str, *, then_send: bool = False) -> Look:
    """Look once into an inbox."""
    look = Look(str(place), then_send=then_send)
    look.run()
    return look


def let_time_pass() -> None:
    """Have all that was found lie still for long enough."""
    for pickup in Pickup.objects.filter(status="found"):
        pickup.still_since -= timedelta(seconds=STILL_SECONDS)
        pickup.save()


def names(folder: Path) -> list[str]:
    """Return the names of the files in a folder that has perhaps not been made."""
    return sorted(each.name for each in os.scandir(folder) if each.is_file()) if folder.is_dir() else []


def run_of(pickup: Pickup) -> ImportRun:
    """Return the run that a pickup must have."""
    assert pickup.run
    return pickup.run
