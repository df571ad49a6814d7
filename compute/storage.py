"""The folder COMPUTE_ROOT: which paths lead where, and nowhere else. Imports no models.

Callers' paths are relative to the root. `results/` belongs to the jobs; names that begin with a dot are our own and do not
exist for callers.
"""

import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from django.conf import settings

from compute.exceptions import FileMissing, NotAFile, OutsideRoot, UnusableName

RESULTS = "results"
SCRATCH = ".scratch"
MAX_NAME_BYTES = 200


def root() -> Path:
    """Return COMPUTE_ROOT, made if it is not there."""
    folder = Path(settings.COMPUTE_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def results_folder() -> Path:
    """Return the folder of results."""
    folder = root() / RESULTS
    folder.mkdir(exist_ok=True)
    return folder


def scratch_folder(name: str) -> Path:
    """Return the path of a folder for one attempt at a job, on the same disk as the results."""
    return root() / SCRATCH / name


def existing_file(file_path: str, *, field: str) -> Path:
    """Return the real path of a caller's file; raise OutsideRoot, FileMissing or NotAFile.

    Links are followed first, so one that leads outside is outside. Only regular files are ever opened.
    """
    place = _inside(file_path, field)
    try:
        mode = place.stat().st_mode
    except OSError as error:
        raise _missing(file_path, field) from error
    if not stat.S_ISREG(mode):
        raise NotAFile(f"{file_path} is not a file.", field=field)
    return place


def upload_place(file_path: str, *, field: str) -> Path:
    """Return where an upload called `file_path` goes; raise OutsideRoot or UnusableName."""
    parts = PurePosixPath(file_path).parts
    if any(not part.isprintable() or len(part.encode()) > MAX_NAME_BYTES for part in parts):
        raise UnusableName("A name must be of printable characters, at most 200 bytes in each part.", field=field)
    if not parts or any(part.startswith(".") and part != ".." for part in parts):
        raise UnusableName("Give the file a name that does not begin with a dot.", field=field)
    if parts[0] == RESULTS:
        raise OutsideRoot(f"{RESULTS}/ belongs to the jobs; choose another folder.", field=field)
    place = _inside(file_path, field)
    if place.is_dir():
        raise NotAFile(f"{file_path} is a folder.", field=field)
    return place


def visible_files(after: str = "") -> Iterator[Path]:
    """Yield the files below the root by path, those behind `after`; links and our own are left out."""
    yield from _files_below(root(), PurePosixPath(after).parts)


def relative(place: Path) -> str:
    """Return a place below the root as callers know it."""
    return place.relative_to(root()).as_posix()


def _files_below(folder: Path, after: tuple[str, ...]) -> Iterator[Path]:
    """Walk in the order of the paths' parts, skipping what comes before `after` without looking into it."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.is_symlink() or (after and entry.name < after[0]):
            continue
        behind = after[1:] if after and entry.name == after[0] else ()
        if entry.is_dir():
            yield from _files_below(entry, behind)
        elif entry.is_file() and not (after and entry.name == after[0]):
            yield entry


def _inside(file_path: str, field: str) -> Path:
    if "\0" in file_path:
        raise OutsideRoot("The path holds a NUL character.", field=field)
    path = PurePosixPath(file_path)
    if path.is_absolute() or ".." in path.parts:
        raise OutsideRoot("Give a path below COMPUTE_ROOT, such as sales.csv, without .. in it.", field=field)
    if any(part.startswith(".") for part in path.parts):
        raise _missing(file_path, field)
    base = root()
    try:
        place = (base / path).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise _missing(file_path, field) from error
    if not place.is_relative_to(base):
        raise OutsideRoot("The path leads out of COMPUTE_ROOT.", field=field)
    if place.relative_to(base).parts[:1] == (SCRATCH,):
        raise _missing(file_path, field)
    return place


def _missing(file_path: str, field: str) -> FileMissing:
    return FileMissing(f"There is no file {file_path}; GET /api/compute/files lists those there are.", field=field)
