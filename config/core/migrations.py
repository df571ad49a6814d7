"""What migrations share: statements for PostgreSQL alone, for what Django has no words that fit all databases."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class OnPostgres(migrations.RunPython):
    """Runs a statement on PostgreSQL, and another one to take it back; does nothing on SQLite."""

    def __init__(self, statement: str, back: str) -> None:
        super().__init__(_runs(statement), _runs(back))
        self.statement, self.back = statement, back

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__qualname__, [self.statement, self.back], {}


def _runs(statement: str) -> Any:
    def run(_: Any, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(statement)

    return run
