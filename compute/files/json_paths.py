"""Columns of nested JSON: what lies in objects in a record has a dotted name, `author.first`; arrays are values."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from compute.files.errors import BrokenFile, LimitReached, quoted

MOST_LEVELS = 20  # of objects; what lies deeper is a value
MOST_COLUMNS = 10_000
Path = tuple[str, ...]


@dataclass
class _Node:
    has_value: bool = False  # other than null and an object with keys
    children: dict[str, "_Node"] = field(default_factory=dict)


class Paths:
    """Where a file's records have values."""

    def __init__(self) -> None:
        self._root, self._count = _Node(), 0

    def note(self, path: Path, *, has_value: bool) -> None:
        """Take note that a record has something there: null, an object with keys, or else a value."""
        node = self._root
        for key in path:
            if key not in node.children:
                node.children[key] = _Node()
                self._count += 1
            node = node.children[key]
        node.has_value = node.has_value or has_value
        if self._count > MOST_COLUMNS:
            raise LimitReached(f"The objects of the records have more than {MOST_COLUMNS} different keys.")

    def columns(self) -> dict[str, Path]:
        """Return the columns: no record's null is one where others have an object."""
        found: dict[str, Path] = {}
        for path in _with_values(self._root, ()):
            name = ".".join(path)
            if name in found:
                raise BrokenFile(f"Two columns would have the name {quoted(name)}; rename one in the file.")
            found[name] = path
        return found


def _with_values(node: _Node, path: Path) -> Iterator[Path]:
    if path and (node.has_value or not node.children):
        yield path
    for key, child in node.children.items():
        yield from _with_values(child, (*path, key))


def key_twice(path: Path) -> BrokenFile:
    """Return the error for an object that has a key twice."""
    return BrokenFile(f"The file cannot be read: an object {quoted('.'.join(path))} has a key twice.")
