"""Names that differ only in case are two columns. Engines, for which they are one, know them with a mark.

A file's columns get their marks when they are found, an operation's when it begins (operations/marking.py). The names in what
is written lose them at the end (jobs/own_names.py).
"""

from collections.abc import Iterable, Mapping

MARK = "\ufdd0"  # no character, by Unicode's definition: no name has it


def told_apart(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of which no two differ only in case: the second one ends with a mark, the third with two."""
    times: dict[str, int] = {}
    found = []
    for name in names:
        seen = times[name.casefold()] = times.get(name.casefold(), 0) + 1
        found.append(name + MARK * (seen - 1))
    return tuple(found)


def own_name(name: str) -> str:
    """Return the name, or a text with names, as the file has it."""
    return name.replace(MARK, "")


def marked_names(names: Iterable[str]) -> Mapping[str, str]:
    """Return the names with marks, by how the file has them."""
    return {own_name(name): name for name in names if MARK in name}
