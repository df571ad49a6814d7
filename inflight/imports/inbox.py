"""An inbox: a folder, or a place that fsspec reaches (s3://, abfss://, sftp://), where files are put for the import.

It is flat: what lies in folders of it is not looked at, so done/ and failed/ can be two of them. Imports no models.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

from compute.files.locations import OBJECT_STORES, filesystem, is_url, moment_of
from config.api.imports.exceptions import UnusableCsv
from config.core.addresses import may_hold_password, without_secrets
from config.core.disk import lacks_room

logger = logging.getLogger(__name__)

CUSTOMERS, PURCHASES = "customers", "purchases"
DONE_MARK = ".done"  # behind a file's name: a file, as new as that or newer, that says that it is whole
BEING_WRITTEN = (".part", ".partial", ".filepart", ".tmp")  # as programs name what they have not written whole
MOST_FILES = 10_000  # looked at in one look


class InboxUnavailable(Exception):  # noqa: N818 - named after what is wrong, as Django's DoesNotExist
    """The inbox, or the folders beside it, cannot be read or written just now."""


class FileChanged(Exception):  # noqa: N818 - the same
    """A file is not any more what it was when it was found."""


@dataclass(frozen=True)
class InboxFile:
    """A file in the inbox; `version` changes with what is in it."""

    name: str
    size: int
    version: str
    modified_at: datetime


@dataclass(frozen=True)
class Pair:
    """The files of one import, one of which may not be there yet; `key` is their name with * where they differ."""

    key: str
    customers: InboxFile | None = None
    purchases: InboxFile | None = None
    is_marked: bool = False  # as whole, by a mark for each of them

    @property
    def is_whole(self) -> bool:
        """Return whether both files are there."""
        return self.customers is not None and self.purchases is not None

    @property
    def files(self) -> list[InboxFile]:
        """The files that are there."""
        return [file for file in (self.customers, self.purchases) if file]


class Inbox:
    """A place with files; close it when done. All methods may raise InboxUnavailable."""

    def __init__(self, place: str) -> None:
        if may_hold_password(place):
            raise InboxUnavailable("The address of the inbox holds a password, which would be logged. Leave it out.")
        self._place = place
        with self._answering():
            self._fs, root = _filesystem(place)
            self._root = root.rstrip("/")
            self._copies = bool(OBJECT_STORES & set(_protocols(self._fs)))  # it cannot rename

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self._fs, "close"):
            self._fs.close()

    def pairs(self, pattern: str) -> list[Pair]:
        """Return the pairs there are, and the files that wait for their other one; `pattern` is that of the customers."""
        found = {}
        for entry in self._entries():
            name = str(entry["name"]).rstrip("/").rpartition("/")[2]
            if not _is_text(name):
                logger.warning("A file in the inbox is not looked at: its name is not UTF-8: %r", name)
            elif entry["type"] == "file" and not entry.get("islink"):
                found[name] = _described(name, entry)
        return pairs_of(found, pattern)

    def check(self) -> None:
        """Raise InboxUnavailable where the inbox cannot even be listed: then a file's trouble is not its own."""
        self._entries()

    def _entries(self) -> list[dict[str, Any]]:
        with self._answering():
            try:
                entries: list[dict[str, Any]] = self._fs.ls(self._root, detail=True)
            except FileNotFoundError:
                if not self._copies:
                    raise
                return []  # to an object store a folder without objects is none
        return entries

    def fetch(self, name: str, version: str, path: Path) -> str:
        """Copy a file to this machine and return its SHA-256; raise FileChanged where it is not that version."""
        with self._answering():
            try:
                self._fs.get_file(self._path(name), str(path))
            except FileNotFoundError as error:
                raise FileChanged from error
            except PermissionError as error:
                if is_url(self._place):
                    raise  # of an object store these are our credentials
                raise UnusableCsv(f"{name} cannot be read: {error.strerror}.") from error
        if self._version_of(name) != version:
            raise FileChanged
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def has_any(self, folder: str, names: list[str]) -> bool:
        """Return whether one of the names is taken in a folder of the inbox."""
        with self._answering():
            return any(self._info(folder, name) is not None for name in names)

    def put(self, path: Path, folder: str, name: str) -> None:
        """Copy a file of this machine into a folder of the inbox, visible when it is whole; repeating it is harmless."""
        with self._answering():
            target = self._target(folder, name)
            if self._copies:
                self._fs.put_file(str(path), target)
            else:
                draft = self._path(folder, f".{name}")
                self._fs.put_file(str(path), draft)
                self._fs.mv(draft, target)

    def move(self, name: str, version: str, folder: str, new_name: str) -> None:
        """Move a file of that version into a folder, and drop its mark. Repeating it is harmless; a newer file stays."""
        if self._version_of(name) != version:
            return
        with self._answering():
            target = self._target(folder, new_name)
            self._drop_mark(name)
            if self._copies:
                self._fs.cp_file(self._path(name), target)
                self._fs.rm_file(self._path(name))
            else:
                self._fs.mv(self._path(name), target)

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder of the inbox."""
        with self._answering(), suppress(FileNotFoundError):
            entries = self._fs.ls(self._folder(folder), detail=True)
            return [str(entry["name"]).rpartition("/")[2] for entry in entries if entry["type"] == "file"]
        return []

    def empty(self, folder: str) -> int:
        """Delete the files in a folder of the inbox; return how many there were."""
        names = self.names(folder)
        with self._answering():
            for name in names:
                self._fs.rm_file(self._path(folder, name))
        return len(names)

    def delete(self, name: str, version: str) -> int:
        """Delete a file of that version, and its mark; return how many there were."""
        if self._version_of(name) != version:
            return 0
        with self._answering():
            self._drop_mark(name)
            self._fs.rm_file(self._path(name))
        return 1

    def _drop_mark(self, name: str) -> None:
        if self._info(name + DONE_MARK):
            self._fs.rm_file(self._path(name + DONE_MARK))

    def _target(self, folder: str, name: str) -> str:
        if not self._copies:
            self._fs.makedirs(self._folder(folder), exist_ok=True)
        return self._path(folder, name)

    def _folder(self, folder: str) -> str:
        """Return the path of a folder of the inbox, which is not a link to files that are not ours."""
        info = None if self._copies else self._info(folder)
        if info and (info["type"] == "link" or info.get("islink")):
            raise InboxUnavailable(f"{folder} in the inbox is a link. Make it a folder.")
        return self._path(folder)

    def _path(self, *parts: str) -> str:
        return "/".join([self._root, *parts])

    def _version_of(self, name: str) -> str | None:
        with self._answering():
            info = self._info(name)
            return _described(name, info).version if info else None

    def _info(self, *parts: str) -> Mapping[str, Any] | None:
        try:
            info: Mapping[str, Any] = self._fs.info(self._path(*parts))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return info

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # each driver has errors of its own
            if isinstance(error, FileChanged | UnusableCsv | InboxUnavailable) or lacks_room(error):
                raise
            said = without_secrets(str(error))
            raise InboxUnavailable(f"{self._place}: {type(error).__name__}: {said}") from error


def pairs_of(files: Mapping[str, InboxFile], pattern: str) -> list[Pair]:
    """Return the files whose names fit, customers with the purchases of the same name but for that word, in any case."""
    lower = {name.lower(): name for name in sorted(files, reverse=True)}
    wanted = [name for name in sorted(lower) if _fits(name, pattern, CUSTOMERS) or _fits(name, pattern, PURCHASES)]
    pairs: dict[str, Pair] = {}
    for name in wanted[:MOST_FILES]:
        for key, other in _splits(name, CUSTOMERS, PURCHASES) if _fits(name, pattern, CUSTOMERS) else ():
            if other in lower and other not in pairs and name not in pairs and _fits(other, pattern, PURCHASES):
                two = files[lower[name]], files[lower[other]]
                marked = all(_is_marked(file, files.get(lower.get(file.name.lower() + DONE_MARK, ""))) for file in two)
                pairs[name] = pairs[other] = Pair(key, *two, marked)
    for name in wanted[:MOST_FILES]:
        if name not in pairs:
            kind = CUSTOMERS if _fits(name, pattern, CUSTOMERS) else PURCHASES
            [*_, (key, _)] = _splits(name, kind, "")
            file = files[lower[name]]
            pairs[name] = Pair(key, customers=file) if kind == CUSTOMERS else Pair(key, purchases=file)
    return list({pair.key: pair for pair in pairs.values()}.values())


def name_beside(name: str, what: str) -> str:
    """Return the name of a report beside the customers' file: AF12-customers_1.csv.gz, rejects.csv: AF12-rejects_1.csv."""
    start, _, end = name.lower().rpartition(CUSTOMERS)
    before, after = name[: len(start)], name[len(name) - len(end) :]
    ending = after.lower().find(".csv") if ".csv" in after.lower() else after.rfind(".")
    word, _, suffix = what.partition(".")
    return f"{before}{word}{after[:ending] if ending >= 0 else after}.{suffix}"


def _splits(name: str, word: str, other: str) -> Iterator[tuple[str, str]]:
    """Yield, for each place of a word in a name, the name with * there, and with another word there."""
    place = name.find(word)
    while place >= 0:
        before, after = name[:place], name[place + len(word) :]
        yield f"{before}*{after}", f"{before}{other}{after}"
        place = name.find(word, place + 1)


def _fits(name: str, pattern: str, kind: str) -> bool:
    if name.startswith(".") or name.endswith((DONE_MARK, *BEING_WRITTEN)):
        return False
    return fnmatchcase(name, pattern.lower().replace(CUSTOMERS, kind)) and kind in name


def _is_marked(file: InboxFile, mark: InboxFile | None) -> bool:
    return mark is not None and mark.modified_at >= file.modified_at


def _is_text(name: str) -> bool:
    """Return whether a name can be stored: Python reads bytes that are not UTF-8 as surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _described(name: str, info: Mapping[str, Any]) -> InboxFile:
    size, modified_at = int(info["size"] or 0), moment_of(info)
    tag = info.get("ETag") or info.get("etag") or f"{modified_at.isoformat()} {info.get('ino', '')}".strip()
    return InboxFile(name, size, f"{size} {tag}", modified_at)


def _filesystem(place: str) -> tuple[Any, str]:
    scheme = place.partition("://")[0]
    if not is_url(place):
        from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415 - for those who have an inbox

        return LocalFileSystem(), str(Path(place).absolute())
    if scheme in {"sftp", "ssh"}:
        from inflight.imports.sftp import KnownSFTPFileSystem  # noqa: PLC0415 - an extra

        options = KnownSFTPFileSystem._get_kwargs_from_urls(place)  # noqa: SLF001 - what drivers define for fsspec
        return KnownSFTPFileSystem(**options), KnownSFTPFileSystem._strip_protocol(place)  # noqa: SLF001
    return filesystem(place)


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
