"""Find the records of an XML document by its first part: the first level at which an element repeats."""

from typing import BinaryIO
from xml.parsers import expat

from compute.files.xml_encoding import text_of

LOOKED_AT = 1024 * 1024  # characters
Path = tuple[str, ...]


def record_path(file: BinaryIO, encoding: str) -> Path:
    """Return the names from the root to the records; only the root's where nothing repeats and its children hold but text."""
    outline = _Outline()
    try:
        for text in text_of(file, encoding):
            outline.parser.Parse(text, False)
            if outline.parser.CurrentByteIndex > LOOKED_AT:
                return outline.found()
        outline.parser.Parse("", True)  # expat, since 2.6, puts off what a piece of text has cut
    except expat.ExpatError:  # which the reader will tell
        pass
    return outline.found()


class _Outline:
    """Notes from expat's events which elements repeat."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("UTF-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._path: list[str] = []
        self._children: list[set[str]] = [set()]  # of each open element
        self._repeated: Path = ()
        self._second_level: dict[str, bool] = {}  # the root's children, and whether one has attributes or children

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        depth = len(self._path)
        if name in self._children[-1] and (not self._repeated or depth < len(self._repeated)):
            self._repeated = tuple(self._path)
        self._children[-1].add(name)
        self._children.append(set())
        if depth == 2:
            self._second_level[name] = self._second_level.get(name, False) or bool(attributes)
        elif depth == 3:
            self._second_level[self._path[1]] = True

    def _end(self, _: str) -> None:
        self._path.pop()
        self._children.pop()

    def found(self) -> Path:
        """Return the path of the records."""
        if self._repeated:
            return self._repeated
        root = next(iter(self._children[0]), "")
        return next(((root, name) for name, is_record in self._second_level.items() if is_record), (root,))
