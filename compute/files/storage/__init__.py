"""COMPUTE_ROOT as a folder or in an object store. No path leads outside of it. Imports no models."""

from pathlib import Path

from django.conf import settings

from compute.files.locations import is_url
from compute.files.storage.base import RESULTS, Storage, StoredFile, file_exists, missing
from compute.files.storage.local import LocalStorage
from compute.files.storage.objects import ObjectStorage

__all__ = ["RESULTS", "Storage", "StoredFile", "file_exists", "missing", "storage"]


def storage() -> Storage:
    """Return the storage that COMPUTE_ROOT names."""
    if is_url(settings.COMPUTE_ROOT):
        return ObjectStorage(settings.COMPUTE_ROOT, settings.VAR_DIR / "scratch")
    return LocalStorage(Path(settings.COMPUTE_ROOT))
