"""`manage.py import_metadata FILE`."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.core.commands import LeanCommand
from metadata_registry.exceptions import ImportRefused
from metadata_registry.exchange import import_lines


class Command(LeanCommand):
    """Adds the records of an export that are not there yet, all or, where a line cannot be taken, none."""

    help = "Add the records of an export that are not there yet; all of them or, where a line cannot be taken, none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="what export_metadata wrote; /dev/stdin for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                counts = import_lines(file)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except ImportRefused as error:
            raise CommandError(f"Nothing was imported. {error.detail}") from error
        self.stdout.write(f"{counts.added} added, {counts.unchanged} unchanged.")
