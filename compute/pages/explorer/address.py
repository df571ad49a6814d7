"""The address of a file's page: what it shows, as the pairs of its query. Each change makes another address."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from compute.files.formats import Format
from compute.pages.read_form import ReadForm

READ = ("input_format", *ReadForm.base_fields)
QUESTION = ("where", "by", "compute", "sort", "limit")
ROWS = ("order", "row")  # of the rows in view
COLUMNS = ("find", "columns", "keep")
CHART = ("kind", "y", "x")
KNOWN = (*READ, *QUESTION, *ROWS, *COLUMNS, *CHART)
MOST_VALUES = 100  # of one name; nobody adds more by hand


@dataclass(frozen=True)
class Address:
    """The query of a file's page. Unknown names and blank values are left out, so that the same page has one address."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Return the address that a request came to."""
        return cls(tuple((name, value) for name in KNOWN for value in query.getlist(name)[:MOST_VALUES] if value != ""))

    def all(self, name: str) -> list[str]:
        """Return the values of a name."""
        return [value for each, value in self.pairs if each == name]

    def get(self, name: str) -> str:
        """Return the last value of a name; blank where there is none."""
        return next(reversed(self.all(name)), "")

    def number(self, name: str, default: int, *, least: int = 1, most: int) -> int:
        """Return a value as a number within bounds."""
        text = self.get(name)
        return min(max(int(text), least), most) if text.isascii() and text.isdigit() and len(text) < 19 else default

    def adding(self, name: str, value: str) -> Self:
        """Return the address with one value more, once."""
        return self if (name, value) in self.pairs else type(self)((*self.pairs, (name, value)))

    def without(self, *names: str) -> Self:
        """Return the address without all values of some names."""
        return type(self)(tuple(pair for pair in self.pairs if pair[0] not in names))

    def removing(self, name: str, value: str) -> Self:
        """Return the address without one value."""
        return type(self)(tuple(pair for pair in self.pairs if pair != (name, value)))

    def setting(self, name: str, value: object) -> Self:
        """Return the address with one value of a name, or with none where it is blank."""
        rest = self.without(name)
        return rest if value in ("", None) else rest.adding(name, str(value))

    def filtering(self, condition: Iterable[Any]) -> Self:
        """Return the address with a condition more, at the first rows."""
        return self.adding("where", json.dumps(list(condition), ensure_ascii=False)).without("row")

    def reading(self, read: Mapping[str, Any]) -> Self:
        """Return the address that reads the file so, beside what it says already."""
        found = self
        for name, value in read.items():
            if name == "types":
                for column, type_ in value.items():
                    found = found.typing(column, type_)
            else:
                found = found.setting(name, ",".join(value) if isinstance(value, list) else value)
        return found.without("row")

    def typing(self, column: str, type_: str) -> Self:
        """Return the address that reads a column as text or as numbers, or, where the type is blank, as its values are."""
        others = tuple(pair for pair in self.pairs if pair[0] != "types" or pair[1].partition(":")[2] != column)
        found = type(self)(others).without("row")
        return found.adding("types", f"{type_}:{column}") if type_ else found

    @property
    def query(self) -> str:
        """The text behind the question mark."""
        return urlencode(self.pairs)

    def to(self, place: str) -> str:
        """Return the link to it, at a place of the page."""
        return f"?{self.query}#{place}"

    @property
    def input_format(self) -> str:
        """The format that the file is read as; blank where its name says it."""
        asked = self.get("input_format")
        return asked if asked in list(Format) else ""

    @property
    def types(self) -> dict[str, str]:
        """As what it says that columns are read."""
        return {column: type_ for type_, _colon, column in (text.partition(":") for text in self.all("types"))}

    @property
    def read_form(self) -> ReadForm:
        """The form that says how the file is read."""
        return ReadForm(MultiValueDict({name: self.all(name) for name in ReadForm.base_fields}), label_suffix="")
