"""Errors of compute's API. Errors in a file's content are in compute/files/errors.py."""

from http import HTTPStatus

from config.api.problems import Problem
from config.core.kept_texts import translated


class OutsideRoot(Problem):
    """The path is outside COMPUTE_ROOT."""

    status = HTTPStatus.FORBIDDEN
    code = "outside_compute_root"


class FileMissing(Problem):
    """The file does not exist."""

    status = HTTPStatus.NOT_FOUND
    code = "no_such_file"


class NotAFile(Problem):
    """The path is not a regular file: a folder, a pipe, a device."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "not_a_file"


class UnusableName(Problem):
    """An upload's name cannot be made safe."""

    code = "unusable_name"


class FileExists(Problem):
    """An upload would replace an existing file."""

    status = HTTPStatus.CONFLICT
    code = "file_exists"


class NotYours(Problem):
    """The file or job may be read, but it is somebody else's to change."""

    status = HTTPStatus.FORBIDDEN
    code = "not_yours"


class FileReplaced(Problem):
    """The file was replaced while it was being read."""

    status = HTTPStatus.CONFLICT
    code = "file_changed"


class FileBusy(Problem):
    """Another request writes to the same path."""

    status = HTTPStatus.CONFLICT
    code = "file_busy"


class UploadTooLarge(Problem):
    """An upload is larger than COMPUTE_MAX_UPLOAD."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class LengthRequired(Problem):
    """An upload has no Content-Length."""

    status = HTTPStatus.LENGTH_REQUIRED
    code = "length_required"


class StorageUnavailable(Problem):
    """The object store of COMPUTE_ROOT does not answer or refuses access."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "storage_unavailable"


class QueueFull(Problem):
    """COMPUTE_QUEUE_LIMIT jobs are waiting already."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "queue_full"


class JobNotDone(Problem):
    """The job that was waited for failed or was cancelled; the answer has its status and code."""

    code = "failed"

    def __init__(self, *, status: int, code: str, detail: str, field: str, job: str) -> None:
        self.status = HTTPStatus(status)
        self.code = code
        super().__init__(translated(detail), field=field or None, job=job, headers={"Location": job})


class JobSettled(Problem):
    """A job that has ended cannot be cancelled."""

    status = HTTPStatus.CONFLICT
    code = "job_settled"
