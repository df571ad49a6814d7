"""`manage.py refresh_offers [--product ID]`."""

from typing import Any, TextIO, cast
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from catalog.exceptions import RefreshInProgress
from catalog.models import RefreshRun
from catalog.selectors import registered_products
from catalog.services.refresh import refresh_offers
from config.core.commands import LeanCommand

WAIT_SECONDS = 120.0  # for the refresh of the schedule to end


class Command(LeanCommand):
    """Refresh offers now and print the result. Exit status 1 if the run did not complete."""

    help = "Ask the offers service for the offers of all registered products, or of one, now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--product", type=UUID, metavar="ID", help="only this product")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = [options["product"]] if options["product"] else None
        products = registered_products() if wanted is None else registered_products().filter(pk__in=wanted)
        total = products.count()
        if wanted and not total:
            raise CommandError(f"There is no registered product {wanted[0]}.")
        console = Console(file=cast(TextIO, self.stdout))
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task("Asking for offers", total=total)
            try:
                run = refresh_offers(
                    product_ids=wanted,
                    wait_seconds=WAIT_SECONDS,
                    on_progress=lambda asked: progress.update(bar, advance=asked),
                )
            except RefreshInProgress as problem:
                raise CommandError(problem.detail) from problem
        self._tell(run)

    def _tell(self, run: RefreshRun) -> None:
        for failure in run.first_failures:
            self.stderr.write(f"{failure['product']}: {failure['reason']}")
        self.stdout.write(
            f"Refresh {run.pk}: {run.products} products asked for, {run.failures} failed; "
            f"offers: {run.offers_new} new, {run.offers_changed} changed, {run.offers_gone} gone."
        )
        if run.status != RefreshRun.Status.COMPLETED:
            raise CommandError(run.error)
