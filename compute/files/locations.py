"""Locations: a file's absolute path, or the URL of an object, such as s3://bucket/a.csv. Free of Django.

Nothing is visible under its name before it is whole. On a file system that is a temporary name and a rename. An object store
shows an object only when its upload is complete; renaming there would be a copy, so an object is written under its own name.
"""

import io
import logging
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from compute.files.drivers import driver_of
from compute.files.errors import ComputeError, FileChanged, StoreUnavailable
from config.core.addresses import without_secrets
from config.core.disk import lacks_room

logger = logging.getLogger(__name__)

OBJECT_STORES = frozenset({"s3", "s3a", "abfs", "abfss", "az", "adl", "gs", "gcs"})
REPLACED = frozenset(
    {"FileExpired", "ResourceModifiedError"}
)  # what s3fs and Azure's SDK raise where it was while it was read
BLOCK_BYTES = 8 * 1024 * 1024  # of an object on its way; S3 takes 10,000 of them
MILLISECONDS = "modificationTime"  # webhdfs alone tells the time in these
MODIFIED = ("LastModified", "last_modified", "mtime", "updated", MILLISECONDS, "created")


def is_url(place: str) -> bool:
    """Return whether a place is an object's URL, not a path."""
    return "://" in place


def filesystem(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL and the path there. Listings are not cached: other processes write too.

    fsspec's own parser is not asked: it takes `::` in a name for a chain of URLs.
    """
    driver = driver_of(url.partition("://")[0])
    options = driver._get_kwargs_from_urls(url)  # noqa: SLF001 - what drivers define for fsspec's parser
    return driver(use_listings_cache=False, **options), driver._strip_protocol(url)  # noqa: SLF001


@contextmanager
def answering(url: str) -> Iterator[None]:
    """Say in our words that a store does not do its part; what it says of a missing file passes through."""
    try:
        yield
    except (FileNotFoundError, ComputeError):
        raise
    except Exception as error:  # each driver has errors of its own
        if lacks_room(error):  # on this machine, for a copy
            raise
        if type(error).__name__ in REPLACED:
            raise FileChanged("The file was replaced while it was being read. Ask again.", field="file_path") from error
        logger.warning("%s: %s: %s", url, type(error).__name__, without_secrets(str(error)))
        raise StoreUnavailable from error


def moment_of(info: Mapping[str, Any]) -> datetime:
    """Return when an object was last written, from what fsspec tells about it; 1970 where that is not told."""
    found = next((info[key] for key in MODIFIED if info.get(key)), 0)
    if found and found == info.get(MILLISECONDS):
        return datetime.fromtimestamp(found / 1000, UTC)
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    return found if isinstance(found, datetime) else datetime.fromtimestamp(found, UTC)


def opened(place: str) -> BinaryIO:
    """Open the file at a place for reading; an object is read ahead in blocks."""
    if not is_url(place):
        return Path(place).open("rb")
    return cast(BinaryIO, ObjectReader(place))


class ObjectReader(io.RawIOBase):
    """An object, read ahead in blocks that are all of one version; `details` is what the driver tells of that.

    Reading may raise FileChanged and StoreUnavailable.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        with answering(url):
            fs, path = filesystem(url)
            self._file = fs.open(path, "rb", block_size=BLOCK_BYTES)
        self.details: Mapping[str, Any] = getattr(self._file, "details", {})

    def readinto(self, buffer: Any) -> int:
        with answering(self.url):
            block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def fetch_folder(url: str, path: Path) -> None:
    """Copy all objects below a URL to a folder of this machine, which is made."""
    with answering(url):
        fs, there = filesystem(url)
        fs.get(there, str(path), recursive=True)


def publish(path: Path, place: str) -> None:
    """Make a file that is complete the one at `place`, at once."""
    if not is_url(place):
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.replace(place)
        return
    with AtomicFile(place) as draft, path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            draft.write(block)
        draft.commit()


class AtomicFile:
    """A file written to a location: commit() makes it visible as a whole, rollback() removes it."""

    def __init__(self, url: str) -> None:
        self._url = url
        with _writing(url):
            self._fs, self._path = filesystem(url)
            self._written = self._path if _is_atomic(self._fs) else self._beside()
            self._file: Any = self._fs.open(self._written, "wb", block_size=BLOCK_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rollback()

    def write(self, block: bytes) -> None:
        """Take in the next bytes."""
        with _writing(self._url):
            self._file.write(block)

    def commit(self) -> None:
        """Let it appear, in place of what was there."""
        with _writing(self._url):
            self._file.close()
            if self._written != self._path:
                self._fs.mv(self._written, self._path)
        self._file = None

    def rollback(self) -> None:
        """Drop it, unless it was kept."""
        if self._file is None:
            return
        from fsspec.spec import AbstractBufferedFile  # noqa: PLC0415

        file, self._file = self._file, None
        with suppress(Exception):  # what cannot be dropped now is not visible either
            if isinstance(file, AbstractBufferedFile):
                file.discard()
                file.closed = True  # closing it would complete the upload
            else:
                file.close()
            if self._written != self._path:
                self._fs.rm_file(self._written)

    def _beside(self) -> str:
        folder, _, name = self._path.rpartition("/")
        self._fs.makedirs(folder, exist_ok=True)
        return f"{folder}/.{uuid.uuid4().hex}-{name}"


@contextmanager
def _writing(url: str) -> Iterator[None]:
    """As answering; what is missing where something is written is the store's fault: a bucket, or parts that it forgot."""
    with answering(url):
        try:
            yield
        except FileNotFoundError as error:
            raise OSError(f"The store says that something is missing: {error}") from error


def _is_atomic(fs: Any) -> bool:
    return bool(OBJECT_STORES & ({fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)))
