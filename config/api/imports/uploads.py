"""Receive uploads, of the admin and the API: streamed into a folder of their own, bounded in size. Imports no models."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest
from django.utils.text import get_valid_filename

from config.core.disk import space_of

CHUNK_BYTES = 256 * 1024
FORM_BYTES = 64 * 1024  # of a request, around the files
LONGEST_NAME = 100  # bytes kept of the end of the name that the file has at its owner's


class StoredFile(UploadedFile[bytes]):
    """A file of the form, already in its folder."""

    def __init__(self, name: str, size: int, place: Path) -> None:
        super().__init__(name=name, size=size)
        self.place = place


class FolderUploadHandler(FileUploadHandler):
    """Stream a form's files into a new folder; more than `limit` bytes together, or than the disk has room for, are refused.

    `skipped` are the names of the form's fields that hold files nobody asked for, or a second one.
    """

    chunk_size = CHUNK_BYTES

    def __init__(self, request: HttpRequest, *, folder: Path, fields: set[str], limit: int) -> None:
        super().__init__(request)
        self.is_too_much = int(request.META.get("CONTENT_LENGTH") or 0) > limit + FORM_BYTES
        self.lacks_room = False
        self._folder, self._fields, self._left = folder, fields, limit
        self.skipped: list[str] = []
        self._taken: set[str] = set()
        self._place = folder
        self._file: IO[bytes] | None = None

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        end = file_name.encode(errors="ignore")[-LONGEST_NAME:].decode(errors="ignore")
        self._place = self._folder / get_valid_filename(f"{field_name}-{end}")
        if field_name in self._taken or field_name not in self._fields:
            self.skipped.append(field_name)
            raise SkipFile
        self._taken.add(field_name)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._check_size(0)
        self._file = self._place.open("xb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._check_size(len(raw_data))
        assert self._file is not None  # noqa: S101 - new_file comes first
        self._file.write(raw_data)

    def _check_size(self, size: int) -> None:
        """Let the rest of the request pass unread once it is too much."""
        self._left -= size
        self.is_too_much |= self._left < 0
        self.lacks_room |= not space_of(self._folder.parent).has_room_for(size)
        if self.is_too_much or self.lacks_room:
            raise StopUpload(connection_reset=False)

    def file_complete(self, file_size: int) -> StoredFile:
        self._close()
        return StoredFile(self.file_name or "", file_size, self._place)

    def rollback(self) -> None:
        """Remove what came."""
        with suppress(OSError):  # of what it has still to write, on a full disk
            self._close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
