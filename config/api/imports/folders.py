"""Keep files that are uploaded for UPLOAD_RETENTION_DAYS, so that an import can follow a dry run.

The copies that imports make of files lie beside them, and those of an import that was killed go when uploads go.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from config.api.imports.models import is_waited_for


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
    """Delete what came more than UPLOAD_RETENTION_DAYS ago, except what an import still has to read."""
    drop_uploads(before=time.time() - timedelta(days=settings.UPLOAD_RETENTION_DAYS).total_seconds())


def drop_uploads(*, before: float | None = None) -> int:
    """Delete what came before a time (of time.time()), or all, except what an import still has to read; return how many."""
    root = Path(settings.IMPORT_UPLOADS)
    folders = [folder for folder in (root.iterdir() if root.is_dir() else ()) if not is_waited_for(folder)]
    old = [folder for folder in folders if before is None or _is_older(folder, before)]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def _is_older(folder: Path, before: float) -> bool:
    try:
        return folder.stat().st_mtime < before
    except FileNotFoundError:  # an import has just ended, and removed its copy
        return False
