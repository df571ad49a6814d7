"""`manage.py import_metadata FILE`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser

from config.core.commands import LeanCommand
from metadata_registry.exceptions import ImportRefused
from metadata_registry.exchange import check_lines, import_lines

MOST_TOLD = 100  # lines that cannot be taken


class Command(LeanCommand):
    """Adds the records of an export that are not there yet, all or, where a line cannot be taken, none."""

    help = "Add the records of an export that are not there yet; all of them or, where a line cannot be taken, none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="what export_metadata wrote; /dev/stdin for standard input")
        parser.add_argument(
            "--check",
            action="store_true",
            help="import nothing; name every line that cannot be taken, and fail if there is one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with _opened(options["file"]) as file:
            if options["check"]:
                self._check(file)
            else:
                self._import(file)

    def _import(self, file: IO[bytes]) -> None:
        try:
            counts = import_lines(file)
        except ImportRefused as error:
            raise CommandError(f"Nothing was imported. {error.detail}") from error
        self.stdout.write(f"{counts.added} added, {counts.unchanged} unchanged.")

    def _check(self, file: IO[bytes]) -> None:
        told: list[str] = []

        def tell(refused: ImportRefused) -> None:
            if len(told) < MOST_TOLD:
                told.append(str(refused.detail))
                self.stderr.write(told[-1])

        counts = check_lines(file, tell)
        if counts.refused:
            raise CommandError(f"Lines that cannot be imported: {counts.refused}. An import would import nothing.")
        self.stdout.write(f"{counts.added} would be added, {counts.unchanged} unchanged.")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
