"""Errors of compute's API. Errors in a file's content are in compute/files/errors.py."""

from http import HTTPStatus

from config.api.problems import Problem


class OutsideRoot(Problem):
    """The path does not lead to a place below COMPUTE_ROOT."""

    status = HTTPStatus.FORBIDDEN
    code = "outside_compute_root"


class FileMissing(Problem):
    """There is no such file."""

    status = HTTPStatus.NOT_FOUND
    code = "no_such_file"


class NotAFile(Problem):
    """There is something at the path, but it cannot be read as a file: a folder, a pipe, a device."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "not_a_file"


class UnknownFormat(Problem):
    """Neither the name nor the request says what the file is."""

    code = "unknown_format"


class UnusableName(Problem):
    """An upload's name that cannot be made safe."""

    code = "unusable_name"


class FileExists(Problem):
    """An upload would replace a file."""

    status = HTTPStatus.CONFLICT
    code = "file_exists"


class UploadTooLarge(Problem):
    """An upload of more than COMPUTE_MAX_UPLOAD bytes, or more than the disk can take."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class LengthRequired(Problem):
    """An upload that does not say how long it is."""

    status = HTTPStatus.LENGTH_REQUIRED
    code = "length_required"


class UploadIncomplete(Problem):
    """An upload that ended before its end."""

    code = "incomplete"


class StorageUnavailable(Problem):
    """The store that COMPUTE_ROOT names does not answer, or does not let us."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "storage_unavailable"


class QueueFull(Problem):
    """COMPUTE_QUEUE_LIMIT jobs wait already."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "queue_full"


class JobNotDone(Problem):
    """The job that was waited for failed or was cancelled; its own status and code are the answer's."""

    code = "failed"

    def __init__(self, *, status: int, code: str, detail: str, field: str, job: str) -> None:
        self.status = HTTPStatus(status)
        self.code = code
        super().__init__(detail, field=field or None, job=job, headers={"Location": job})


class JobSettled(Problem):
    """A job that has ended cannot be cancelled."""

    status = HTTPStatus.CONFLICT
    code = "job_settled"
