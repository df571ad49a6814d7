"""The table of operations and scopes in docs/api.md, made from the schema: `python -m tests.scopes_table` writes it anew."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "api.md"
BLOCK = re.compile(r"(?<=<!-- scopes -->\n).*?(?=<!-- end of scopes -->)", re.DOTALL)


class Operation(NamedTuple):
    """An operation of the API, and the scope that it needs: "" for none."""

    name: str
    method: str
    path: str
    scope: str


def operations() -> Iterator[Operation]:
    """Yield the operations of the schema."""
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415 - Django must be set up first

    schema: Any = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            scopes = {scope for entry in operation["security"] for names in entry.values() for scope in names}
            yield Operation(operation["operationId"], method.upper(), path, "".join(scopes))


def table() -> str:
    """Return the table."""
    rows = "".join(f"| {each.name} | `{each.method} {each.path}` | {_cell(each.scope)} |\n" for each in operations())
    return f"| operation | call | scope |\n|---|---|---|\n{rows}"


def _cell(scope: str) -> str:
    return f"`{scope}`" if scope else "none: it is open"


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    DOCUMENT.write_text(BLOCK.sub(lambda _: table(), DOCUMENT.read_text()))
