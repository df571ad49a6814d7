"""Keep files that are uploaded for a day, so that an import can follow a dry run.

The copies that imports make of files lie beside them, and those of an import that was killed go when uploads go.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db.models import Q

from inflight.models import ImportRun

KEPT_SECONDS = 24 * 3600.0


def new_folder() -> Path:
    """Return the path of a folder for the files of one form; it is not made yet."""
    return Path(settings.IMPORT_UPLOADS) / uuid4().hex


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """Make a folder of this name, in place of what a killed process left of it, and remove it at the end of the block."""
    folder = Path(settings.IMPORT_UPLOADS) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def drop_old_uploads() -> None:
    """Delete what came more than a day ago, except what an import still has to read."""
    root = Path(settings.IMPORT_UPLOADS)
    before = time.time() - KEPT_SECONDS
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.stat().st_mtime < before and not _is_needed(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_needed(folder: Path) -> bool:
    waiting = Q(status__in=[ImportRun.Status.QUEUED, ImportRun.Status.RUNNING])
    return ImportRun.objects.filter(waiting, customers_file_path__startswith=f"{folder.resolve()}/").exists()
