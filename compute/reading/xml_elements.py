"""Elements of XML documents as they are read, and what all records are read by."""

import re
import sys
from dataclasses import dataclass, field
from typing import Any

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4,6})_")


@dataclass
class Apart:
    """What one record shows, and all are then read by: attributes that are told from children, and children that repeat."""

    attributes: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        return len(self.attributes) + len(self.repeated)


@dataclass(slots=True)
class Element:
    """An element with what is in it."""

    name: str
    attributes: dict[str, str]
    children: "list[Element]" = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return its text, blank where that only stands between children."""
        text = "".join(self.parts)
        return text if not self.children or text.strip() else ""

    @property
    def width(self) -> int:
        """Return how many attributes and children it has."""
        return len(self.attributes) + len(self.children)

    def as_json(self) -> Any:
        """Return it as JSON: its text where that is all; `#text` where it is not."""
        if not self.children and not self.attributes:
            return self.text or None
        found: dict[str, Any] = {f"@{decoded(name)}": value for name, value in self.attributes.items()}
        by_name: dict[str, list[Any]] = {}
        for child in self.children:
            by_name.setdefault(decoded(child.name), []).append(child.as_json())
        found |= {name: values if len(values) > 1 else values[0] for name, values in by_name.items()}
        return found | ({"#text": self.text} if self.text else {})


def decoded(name: str) -> str:
    """Return a name with the characters that XML's names cannot have, which SQL/XML writes as `_x0020_`."""
    return _ESCAPED.sub(_unescaped, name) if "_x" in name else name


def _unescaped(match: re.Match[str]) -> str:
    """The character; what stands there where it is none that text can hold."""
    code = int(match[1], 16)
    return match[0] if not code or 0xD800 <= code <= 0xDFFF or code > sys.maxunicode else chr(code)
