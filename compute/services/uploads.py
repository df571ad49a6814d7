"""An upload that has arrived gets its name."""

from compute.services.files import Upload
from compute.storage import storage


def keep_upload(upload: Upload, *, file_path: str, overwrite: bool) -> str:
    """Make it the file at `file_path` and return the path; raise OutsideRoot, UnusableName, NotAFile or FileIsThere."""
    path = storage().upload_path(file_path, field="file_path")
    return upload.commit(path, overwrite=overwrite).path
