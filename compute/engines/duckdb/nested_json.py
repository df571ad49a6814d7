"""Find the columns of JSON whose records have objects in them, level by level."""

from collections.abc import Iterator, Sequence
from itertools import islice

import duckdb

from compute.engines.duckdb.files import kinds_query, nested_keys_query
from compute.files.formats import Source
from compute.files.json_paths import MOST_LEVELS, Path, Paths, key_twice

AT_ONCE = 500  # paths that one query looks at


def nested_columns(connection: duckdb.DuckDBPyConnection, source: Source, names: Sequence[str]) -> dict[str, Path]:
    """Return the columns with their paths; none where no record has an object in it. Raise BrokenFile or LimitReached."""
    paths, is_nested = Paths(), False
    level: list[Path] = [(name,) for name in names]
    for depth in range(1, MOST_LEVELS + 1):
        parents = []
        for path, (is_object, has_other) in _kinds(connection, source, level):
            paths.note(path, has_value=has_other or (is_object and depth == MOST_LEVELS))
            if is_object:
                parents.append(path)
        level = []
        for parent, keys in _keys(connection, source, parents if depth < MOST_LEVELS else []):
            if len(set(keys)) < len(keys):
                raise key_twice(parent)
            for key in keys:
                paths.note((*parent, key), has_value=False)  # before they are looked at: there may be endless ones
                level.append((*parent, key))
        is_nested = is_nested or bool(level)
        level = list(dict.fromkeys(level))
    return paths.columns() if is_nested else {}


def _kinds(
    connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]
) -> Iterator[tuple[Path, tuple[bool, bool]]]:
    for some in _pieces(paths):
        found = connection.execute(kinds_query(source, some)).fetchall()
        kinds = {place: (bool(is_object), bool(has_other)) for place, is_object, has_other in found}
        yield from ((path, kinds.get(place, (False, False))) for place, path in enumerate(some))


def _keys(
    connection: duckdb.DuckDBPyConnection, source: Source, parents: Sequence[Path]
) -> Iterator[tuple[Path, list[str]]]:
    """Yield each distinct list of keys of the objects at these paths."""
    for some in _pieces(parents):
        lists = connection.execute(nested_keys_query(source, some, in_order=False)).fetchall()
        if len(lists) > 1:
            lists = connection.execute(nested_keys_query(source, some, in_order=True)).fetchall()
        for number, parent in enumerate(some):
            yield from ((parent, found[number] or []) for (found,) in lists)


def _pieces(paths: Sequence[Path]) -> Iterator[list[Path]]:
    rest = iter(paths)
    while some := list(islice(rest, AT_ONCE)):
        yield some
