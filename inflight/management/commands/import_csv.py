"""`manage.py import_csv CUSTOMERS PURCHASES`, or `manage.py import_csv --watch INBOX`."""

import signal
import sys
import threading
from pathlib import Path
from typing import Any, TextIO, cast

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from config.api.imports.summaries import print_summary
from config.api.problems import Problem
from config.core.addresses import may_hold_password
from config.core.commands import LeanCommand
from inflight.imports.rejects_csv import rejects_csv
from inflight.models import Delivery, ImportRun, Pickup
from inflight.services import deliveries, imports
from inflight.services.watching import watch_inbox

EXIT_REJECTS = 2


class Command(LeanCommand):
    """Imports two files and says what became of their rows. Exit status: 0 clean, 2 with rejects, 1 unusable."""

    help = "Import a customers file and a purchases file. Exit status: 0 clean, 2 with rejects, 1 unusable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "customers", nargs="?", help="path of the customers' CSV, or of a workbook with both sheets"
        )
        parser.add_argument("purchases", nargs="?", help="path of the purchases' CSV; the same file if it is left out")
        parser.add_argument("--dry-run", action="store_true", help="find out everything, change nothing")
        parser.add_argument(
            "--send", action="store_true", help="then send the new and changed customers to the partner"
        )
        parser.add_argument("--rejects", metavar="FILE", help="write the rejected rows there, to mend and import again")
        parser.add_argument(
            "--watch", metavar="INBOX", help="import what comes into this folder, or place, until Ctrl-C or SIGTERM"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["watch"]:
            self._watch(options)
            return
        if not options["customers"]:
            raise CommandError("Name the customers' file, or an inbox with --watch.")
        console = Console(file=cast(TextIO, self.stdout))
        run = self._import(options, console)
        print_summary(console, run, ["customers", "purchases"])
        if options["rejects"]:
            self._write_rejects(run, Path(options["rejects"]))
        if options["send"] and not run.dry_run:
            self._send()
        if run.status == ImportRun.Status.COMPLETED_WITH_REJECTS:
            sys.exit(EXIT_REJECTS)

    def _watch(self, options: dict[str, Any]) -> None:
        """Import what comes, and say in a line what became of it."""
        if options["customers"] or options["dry_run"] or options["rejects"]:
            raise CommandError("--watch goes with --send alone: its files and rejects are those of the inbox.")
        if may_hold_password(options["watch"]):
            raise CommandError("The address of the inbox holds a password. Leave it out: set FSSPEC_SFTP_PASSWORD.")
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        self.stdout.write(f"Watching {options['watch']}; Ctrl-C ends it.")
        for pickup in watch_inbox(options["watch"], send=options["send"], stopping=stopping):
            self.stdout.write(_told(pickup))

    def _import(self, options: dict[str, Any], console: Console) -> ImportRun:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task("Reading", total=1.0)
            try:
                return imports.import_files(
                    customers_path=options["customers"],
                    purchases_path=options["purchases"] or options["customers"],
                    roots=None,  # whoever has a shell may read what the shell may read
                    dry_run=options["dry_run"],
                    requested_by="manage.py import_csv",
                    on_progress=lambda share: progress.update(
                        bar, completed=share, description="Reading" if share < 1 else "Writing"
                    ),
                )
            except Problem as problem:
                raise CommandError(problem.detail) from problem

    def _write_rejects(self, run: ImportRun, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(rejects_csv(run.rejects.order_by("id").iterator()))
        self.stdout.write(f"Rejected rows: {path}. Mend it and give it as both files.")

    def _send(self) -> None:
        delivery, is_new = deliveries.start_delivery(only=Delivery.Only.CHANGED, requested_by="manage.py import_csv")
        if is_new:
            delivery = deliveries.deliver(delivery, seconds=settings.SEND_BUDGET_SECONDS)
        self.stdout.write(
            f"Delivery {delivery.pk}: {delivery.get_status_display()}, {delivery.batches.count()} batches."
        )


def _told(pickup: Pickup) -> str:
    names = " and ".join(pickup.names)
    if pickup.error:
        return f"{names}: failed. {pickup.error}"
    if pickup.is_repeat:
        return f"{names}: imported before, as run {pickup.run_id}."
    status = pickup.run.get_status_display() if pickup.run else pickup.status
    return f"{names}: {status}, run {pickup.run_id}."
