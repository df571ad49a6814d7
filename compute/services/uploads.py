"""An upload that has arrived gets its name."""

from compute import storage
from compute.services.files import Upload


def keep_upload(upload: Upload, *, file_path: str, overwrite: bool) -> str:
    """Make it the file at `file_path` and return the path; raise OutsideRoot, UnusableName, NotAFile or FileIsThere."""
    place = storage.upload_place(file_path, field="file_path")
    upload.keep(place, overwrite=overwrite)
    return storage.relative(place)
