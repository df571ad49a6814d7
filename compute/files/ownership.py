"""Whose a file below COMPUTE_ROOT is: of who brought it or asked for it.

A file without an owner was put there by hand: everybody may read it. Rows are written before the file is there, so that one
whose process dies is never read by others; a row without a file means nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice

from django.db.models import QuerySet

from compute.exceptions import FileBusy, FileExists, NotYours, StorageUnavailable
from compute.files.storage import RESULTS, StoredFile, file_exists, missing, storage
from compute.models import OwnedFile
from config.core.locks import exclusive

WAIT_SECONDS = 10.0  # for another one who writes to the same path
CHUNK = 500


@dataclass(frozen=True)
class Requester:
    """Who asks for files and jobs. `sees_all`: they may read everybody's; `changes_all`: they may change everybody's."""

    sub: str
    sees_all: bool = False
    changes_all: bool = False

    def may_read(self, path: str, owner: str | None) -> bool:
        """Return whether a file is theirs or everybody's; results without an owner are neither."""
        is_everybodys = owner is None and not path.startswith(f"{RESULTS}/")
        return self.sees_all or is_everybodys or owner == self.sub

    def may_change(self, owner: str | None) -> bool:
        """Return whether they may replace, rename or delete a file, or cancel a job: their own."""
        return self.changes_all or owner == self.sub


def readable_file(file_path: str, requester: Requester) -> StoredFile:
    """Return a file that somebody may read; raise OutsideRoot, FileMissing or NotAFile."""
    file = storage().existing_file(file_path, field="file_path")
    if not requester.may_read(file.path, owner_of(file.path)):
        raise missing(file_path, "file_path")
    return file


def changeable_file(file_path: str, requester: Requester) -> StoredFile:
    """Return a file that somebody may change; raise as readable_file, or NotYours."""
    file = readable_file(file_path, requester)
    if not requester.may_change(owner_of(file.path)):
        raise NotYours(
            f"{file_path} is not yours. Only its owner, or the scope admin, may change it.", field="file_path"
        )
    return file


def readable_files(files: Iterable[StoredFile], requester: Requester) -> Iterator[StoredFile]:
    """Yield those of the files that somebody may read."""
    if requester.sees_all:
        yield from files
        return
    left = iter(files)
    while chunk := list(islice(left, CHUNK)):
        owners = dict(OwnedFile.objects.filter(path__in=[file.path for file in chunk]).values_list("path", "sub"))
        yield from (file for file in chunk if requester.may_read(file.path, owners.get(file.path)))


def owner_of(path: str) -> str | None:
    """Return whose a file is; None for nobody's."""
    return OwnedFile.objects.filter(path=path).values_list("sub", flat=True).first()


def set_owner(path: str, sub: str | None) -> None:
    """Make a file somebody's, or nobody's."""
    if sub is None:
        OwnedFile.objects.filter(path=path).delete()
    else:
        OwnedFile.objects.update_or_create(path=path, defaults={"sub": sub})


@contextmanager
def alone_at(*paths: str) -> Iterator[None]:
    """Let nobody else put, rename or delete a file at the paths within the block; raise FileBusy if that takes too long."""
    with ExitStack() as stack:
        for path in sorted(set(paths)):  # in one order: two who want the same ones do not wait for each other
            name = f"file-{hashlib.sha256(path.encode()).hexdigest()[:16]}"
            if not stack.enter_context(exclusive(name, wait_seconds=WAIT_SECONDS)):
                raise FileBusy(f"{path} is being written by somebody else. Try again.", field="file_path")
        yield


@contextmanager
def written_for(sub: str | None, path: str, *, overwrite: bool, requester: Requester) -> Iterator[None]:
    """Within the block the requester, alone at the path, puts somebody's file there; if it fails, all is as it was.

    Raises FileExists unless it may replace the one that is there.
    """
    before, version = owner_of(path), storage().version_of(path)
    if version is not None:
        _check_may_replace(path, before, overwrite=overwrite, requester=requester)
    set_owner(path, sub)
    try:
        yield
    except BaseException:
        if _is_still(path, version):
            set_owner(path, before)
        raise


def _is_still(path: str, version: str | None) -> bool:
    """Return whether what is at a path is surely what was there: a store may have taken a file, and its answer be lost."""
    try:
        return storage().version_of(path) == version
    except StorageUnavailable:
        return False


def drop_owners_of_nothing() -> None:
    """Forget who owned files that are gone, such as those that were removed by hand: the next one there is another's."""
    last = ""
    while paths := list(_owned_paths(last)):
        for path in paths:
            if not storage().is_file(path):
                with suppress(FileBusy), alone_at(path):  # a busy one is looked at the next time
                    if not storage().is_file(path):  # nor is it just being put there
                        set_owner(path, None)
        last = paths[-1]


def _owned_paths(after: str) -> QuerySet[OwnedFile, str]:
    return OwnedFile.objects.filter(path__gt=after).order_by("path").values_list("path", flat=True)[:CHUNK]


def check_replaceable(path: str, owner: str | None, *, overwrite: bool, requester: Requester) -> None:
    """Raise FileExists where there is a file that the requester does not want to replace, or may not."""
    if storage().is_file(path):
        _check_may_replace(path, owner, overwrite=overwrite, requester=requester)


def _check_may_replace(path: str, owner: str | None, *, overwrite: bool, requester: Requester) -> None:
    if not requester.may_change(owner):
        raise FileExists(f"{path} is there already, and is not yours. Choose another name.", field="file_path")
    if not overwrite:
        raise file_exists(path)
