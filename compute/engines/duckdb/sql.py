"""Quote names and texts for DuckDB, and raise errors with a value from inside a query."""

import re

from compute.operations.cell_types import SHOWN

_RAISED = re.compile("(refused|unwritable|inexact)\x1f(.*?)\x1f(.*?)\x1f", re.DOTALL)


def quoted_name(name: str) -> str:
    """Return an identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(value: str) -> str:
    """Return a text literal."""
    return "'" + value.replace("'", "''") + "'"


def is_exact_double(value: str, type_: object) -> str:
    """Return the condition that a number of a type is the one that its double is written as."""
    return f"TRY_CAST({value}::DOUBLE::VARCHAR AS {type_}) = {value}"


def raising(what: str, where: str, value: str) -> str:
    """Return the expression that makes a query fail, with a text in which `raised` finds the SQL texts `where` and `value`."""
    return f"error('{what}\x1f' || {where} || '\x1f' || left({value}, {SHOWN}) || '\x1f')"


def raised(error: str) -> tuple[str, str, str] | None:
    """Return what was raised, where and with which value, of an error's text."""
    found = _RAISED.search(error)
    return (found[1], found[2], found[3]) if found else None
