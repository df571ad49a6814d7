"""Staging tables: rows are loaded in bulk, and set-based SQL does the rest.

Temporary tables of this connection; on SQLite they are written without the lock that other writers wait for. The names in
the SQL are this module's and the models' own, never input.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from django.db import OperationalError, connection, models, transaction

SQLITE_ROWS = 100  # that one statement inserts
PARAMETERS = 500  # of one statement

# Drops a table's foreign keys and the indexes that are not unique, and makes them again: pairs of statements, for the owner.
ASIDE = {
    "sqlite": """
        SELECT 'DROP INDEX "' || name || '"', sql
        FROM sqlite_master WHERE type = 'index' AND tbl_name = %(table)s AND sql LIKE 'CREATE INDEX %%'
    """,
    "postgresql": """
        SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', r.oid::regclass, conname),
            format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', r.oid::regclass, conname, pg_get_constraintdef(c.oid))
        FROM pg_constraint c JOIN pg_class r ON r.oid = conrelid
        WHERE r.oid = %(table)s::regclass AND contype = 'f' AND pg_has_role(relowner, 'USAGE')
        UNION ALL
        SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
        FROM pg_index JOIN pg_class r ON r.oid = indrelid
        WHERE r.oid = %(table)s::regclass AND NOT indisunique AND pg_has_role(relowner, 'USAGE')
    """,
}

Row = Sequence[Any]  # line, bad, then the columns; None for what a bad row does not say


@dataclass(frozen=True)
class Stage:
    """A temporary table `stage_<table>` in front of a model's table.

    `columns` are the table's, the key first; each staged row also has its `line` in the file and whether it is `bad`. Bad
    rows are staged as far as they can be read, so that everything that is wrong with them can be said.
    """

    model: type[models.Model]
    columns: tuple[str, ...]

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def name(self) -> str:
        return f"stage_{self.table}"

    @property
    def refused(self) -> str:
        """Table of rows refused for what other rows say: (line, first_line, unknown_parent)."""
        return f"refused_{self.table}"

    @property
    def key(self) -> str:
        return self.columns[0]

    def create(self) -> None:
        """Create the two temporary tables, empty."""
        self.drop()
        line = "line integer PRIMARY KEY" if connection.vendor == "sqlite" else "line integer"
        definitions = ", ".join(self._definition(column) for column in self.columns)
        _execute(f"CREATE TEMPORARY TABLE {self.name} ({line}, bad boolean, {definitions})")
        _execute(f"CREATE TEMPORARY TABLE {self.refused} (line integer, first_line integer, unknown_parent boolean)")

    def drop(self) -> None:
        """Drop the temporary tables; a pooled connection must not keep them."""
        _execute(f"DROP TABLE IF EXISTS {self.name}")
        _execute(f"DROP TABLE IF EXISTS {self.refused}")

    def _definition(self, column: str) -> str:
        """A column with the type and collation of the real one, so that the two compare."""
        field = next(f for f in self.model._meta.concrete_fields if f.column == column)
        parameters: dict[str, Any] = dict(field.db_parameters(connection))
        collation = f' COLLATE "{parameters["collation"]}"' if parameters.get("collation") else ""
        return f"{column} {parameters['type']}{collation}"

    def load(self, rows: Iterator[Row]) -> None:
        """Write rows; nothing else may use the connection until it returns."""
        columns = ("line", "bad", *self.columns)
        into = f"{self.name} ({', '.join(columns)})"
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                return
            # Outside a transaction a savepoint begins a deferred one: temporary tables only, no lock on the database.
            cursor.execute("SAVEPOINT stage_load")
            try:
                self._insert(into, f"({', '.join('?' * len(columns))})", rows)
            finally:
                cursor.execute("RELEASE stage_load")

    def _insert(self, into: str, marks: str, rows: Iterator[Row]) -> None:
        """Insert many rows a statement, past Django, which looks at each value once more: a third of the time."""
        while some := [*islice(rows, SQLITE_ROWS)]:
            statement = f"INSERT INTO {into} VALUES {', '.join([marks] * len(some))}"
            connection.connection.execute(statement, [*chain.from_iterable(some)])

    def index_key(self) -> None:
        """Index the key: repeats are found by it, and children look up their parents."""
        _execute(f"CREATE INDEX {self.name}_key ON {self.name} ({self.key})")
        self.analyze()

    def analyze(self) -> None:
        """Tell PostgreSQL's planner how large the stage is; it assumes next to nothing otherwise."""
        if connection.vendor == "postgresql":
            _execute(f"ANALYZE {self.name}")

    def reject_duplicates(self) -> int:
        """Refuse the rows whose key an earlier good row has; drop those that say the same, and return how many."""
        same = _row_equality(self.columns, "s", "f")
        _execute(
            f"""
            INSERT INTO {self.refused} (line, first_line, unknown_parent)
            SELECT s.line, f.line, CASE WHEN NOT s.bad AND {same} THEN NULL ELSE FALSE END
            FROM {self.name} s
            CROSS JOIN (
                SELECT {self.key}, MIN(line) AS line FROM {self.name} WHERE NOT bad AND {self.key} IN (
                    SELECT {self.key} FROM {self.name} GROUP BY {self.key} HAVING COUNT(*) > 1
                ) GROUP BY {self.key}
            ) repeated
            CROSS JOIN {self.name} f
            WHERE s.{self.key} = repeated.{self.key} AND s.line > repeated.line AND f.line = repeated.line
            """
        )
        _execute(
            f"DELETE FROM {self.name} WHERE line IN (SELECT line FROM {self.refused} WHERE unknown_parent IS NULL)"
        )
        return _execute(f"DELETE FROM {self.refused} WHERE unknown_parent IS NULL")

    def reject_orphans(self, parent: "Stage") -> None:
        """Refuse the rows whose parent is neither staged nor stored. The parent's key names the column here too."""
        key = parent.key
        _execute(
            f"""
            INSERT INTO {self.refused} (line, unknown_parent)
            SELECT line, TRUE FROM {self.name} WHERE {key} IN (
                SELECT {key} FROM {self.name}
                EXCEPT SELECT {key} FROM {parent.name} WHERE NOT bad
                EXCEPT SELECT {key} FROM {parent.table}
            )
            """
        )

    def refuse_rows_of(self, column: str, values: Sequence[str]) -> None:
        """Refuse the rows that have one of the values in a column; who explains them knows why."""
        for first in range(0, len(values), PARAMETERS):
            some = {f"v{place}": value for place, value in enumerate(values[first : first + PARAMETERS])}
            marks = ", ".join(f"%({name})s" for name in some)
            _execute(
                f"""
                INSERT INTO {self.refused} (line, unknown_parent)
                SELECT line, FALSE FROM {self.name} WHERE {column} IN ({marks})
                """,
                some,
            )

    def rejected_lines(self) -> Iterator[tuple[int, int | None, bool]]:
        """Yield (line, line of the first row with this key, parent unknown) of every rejected row, by line."""
        statement = f"""
            SELECT line, MAX(first_line), MAX(CASE WHEN unknown_parent THEN 1 ELSE 0 END) FROM (
                SELECT line, first_line, unknown_parent FROM {self.refused}
                UNION ALL SELECT line, NULL, FALSE FROM {self.name} WHERE bad
            ) rejected WHERE line > %(last)s GROUP BY line ORDER BY line LIMIT 5000
        """
        last = 0
        while page := _fetch(statement, {"last": last}):
            for line, first_line, unknown_parent in page:
                yield line, first_line, bool(unknown_parent)
            last = page[-1][0]

    def drop_rejected(self) -> int:
        """Take the rejected rows out of the stage and return how many there were."""
        return _execute(f"DELETE FROM {self.name} WHERE bad OR line IN (SELECT line FROM {self.refused})")

    def drop_unchanged(self) -> int:
        """Take out the rows that the table already holds just so, and return how many there were."""
        same = _row_equality(self.columns, self.name, "t")
        return _execute(
            f"""
            DELETE FROM {self.name} WHERE EXISTS (
                SELECT 1 FROM {self.table} t WHERE t.{self.key} = {self.name}.{self.key} AND {same}
            )
            """
        )

    def update_changed(self, extra: str = "") -> int:
        """Change the table's rows that are staged, and return how many there were."""
        assignments = ", ".join(f"{column} = s.{column}" for column in self.columns[1:])
        return _execute(
            f"UPDATE {self.table} SET {assignments}{extra} FROM {self.name} s WHERE s.{self.key} = {self.table}.{self.key}"
        )

    def insert_new(self, others: Mapping[str, str] | None = None) -> int:
        """Insert the staged rows that the table does not have, in the order of the key; return how many there were.

        `others`: the table's other columns, where it has no defaults for them, as SQL.
        """
        others = others or {}
        into, values = ", ".join([*self.columns, *others]), ", ".join([*self.columns, *others.values()])
        insert = f"INSERT INTO {self.table} ({into}) SELECT {values} FROM {self.name} s"
        known = f"SELECT 1 FROM {self.table} t WHERE t.{self.key} = s.{self.key}"
        if connection.vendor == "postgresql":  # an anti-join costs it half of what ON CONFLICT does
            insert += f" WHERE NOT EXISTS ({known}) ORDER BY {self.key}"
        else:  # reading the table it writes to makes SQLite copy the whole selection first
            insert += f" WHERE TRUE ORDER BY {self.key} ON CONFLICT ({self.key}) DO NOTHING"
        with self._without_indexes():
            return _execute(insert)

    @contextmanager
    def _without_indexes(self) -> Iterator[None]:
        """Around the first rows of a table, make its foreign keys and its indexes beside the primary key anew.

        One pass over all rows costs a fraction of finding each row's place and parent by itself. It is part of the
        transaction; on PostgreSQL who reads the table waits for its end, so it is done only where nobody is reading.
        """
        aside = _fetch(ASIDE[connection.vendor], {"table": self.table}) if self._is_empty() and self._lock() else []
        for drop, _ in aside:
            _execute(drop)
        yield
        for _, make in aside:
            _execute(make)
        if aside and connection.vendor == "postgresql":  # until it knows the rows, it reads all of them for a few
            _execute(f"ANALYZE {self.table}")

    def _is_empty(self) -> bool:
        return not _fetch(f"SELECT 1 FROM {self.table} LIMIT 1", {})

    def _lock(self) -> bool:
        """Lock the table until the transaction ends, unless somebody is at it; the writer of SQLite has it already."""
        if connection.vendor == "sqlite":
            return True
        with suppress(OperationalError), transaction.atomic():
            _execute(f"LOCK TABLE {self.table} IN ACCESS EXCLUSIVE MODE NOWAIT")
            return True
        return False


def mark_parents_changed(child: Stage, parent: Stage, assignment: str) -> None:
    """Apply `assignment` to the stored parents, old and new, of every staged child."""
    _execute(
        f"""
        UPDATE {parent.table} SET {assignment} WHERE {parent.key} IN (
            SELECT {parent.key} FROM {child.name}
            UNION
            SELECT t.{parent.key} FROM {child.name} s JOIN {child.table} t ON t.{child.key} = s.{child.key}
        )
        """
    )


def _row_equality(columns: Sequence[str], left: str, right: str) -> str:
    return "({}) = ({})".format(", ".join(f"{left}.{c}" for c in columns), ", ".join(f"{right}.{c}" for c in columns))


def unstored_parents(child: Stage, parent: Stage) -> Iterator[str]:
    """Yield the parents' keys that are staged and not stored, and those of the children that are refused or bad."""
    key = parent.key
    with connection.chunked_cursor() as cursor:  # the server keeps the rest
        cursor.execute(
            f"""
            SELECT {key} FROM {parent.name} s WHERE {key} IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM {parent.table} t WHERE t.{key} = s.{key})
            UNION ALL
            SELECT {key} FROM {child.name} WHERE {key} IS NOT NULL AND (bad OR line IN (SELECT line FROM {child.refused}))
            """
        )
        while some := cursor.fetchmany(5000):
            yield from (found for (found,) in some)


def _execute(statement: str, parameters: Mapping[str, Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _fetch(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
