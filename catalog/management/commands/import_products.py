"""`manage.py import_products FILE`."""

import sys
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from catalog.models import ProductImport
from catalog.services.imports import importer, rejects_csv
from config.api.imports.summaries import print_summary
from config.api.problems import Problem
from config.core.commands import LeanCommand

EXIT_REJECTS = 2


class Command(LeanCommand):
    """Imports a file of products and says what became of its rows. Exit status: 0 clean, 2 with rejects, 1 unusable."""

    help = "Import a file of products. Exit status: 0 clean, 2 with rejects, 1 unusable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="path of a CSV file, or of a workbook")
        parser.add_argument("--dry-run", action="store_true", help="find out everything, change nothing")
        parser.add_argument("--rejects", metavar="FILE", help="write the rejected rows there, to mend and import again")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=cast(TextIO, self.stdout))
        run = self._import(options, console)
        print_summary(console, run, ["products"])
        if options["rejects"]:
            with Path(options["rejects"]).open("w", encoding="utf-8", newline="") as file:
                file.writelines(rejects_csv(run.rejects.order_by("id").iterator()))
            self.stdout.write(f"Rejected rows: {options['rejects']}. Mend it and import it.")
        if run.status == ProductImport.Status.COMPLETED_WITH_REJECTS:
            sys.exit(EXIT_REJECTS)

    def _import(self, options: dict[str, Any], console: Console) -> ProductImport:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task("Reading", total=1.0)
            try:
                return importer.import_files(
                    {"products_file_path": options["file"]},
                    roots=None,  # whoever has a shell may read what the shell may read
                    dry_run=options["dry_run"],
                    requested_by="manage.py import_products",
                    on_progress=lambda share: progress.update(bar, completed=share),
                )
            except Problem as problem:
                raise CommandError(problem.detail) from problem
