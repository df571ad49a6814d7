"""`manage.py erase_customer ID`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.api.problems import Problem
from config.core.commands import LeanCommand
from inflight.services import people


class Command(LeanCommand):
    """Erases all that is kept of a person, at once."""

    help = "Erase all that is kept of a person. Sales stay, without the link. Imports refuse the id from then on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer_id")
        parser.add_argument(
            "--readmit", action="store_true", help="erase nothing; let imports take the id of an erased person again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["readmit"]:
            self._readmit(options["customer_id"])
            return
        try:
            erasure = people.erase_customer(options["customer_id"], requested_by="manage.py erase_customer")
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(f"Erased; the record is {erasure}:")
        for what, number in erasure.erased.items():
            self.stdout.write(f"{number:6} {what.replace('_', ' ')}")

    def _readmit(self, customer_id: str) -> None:
        if not people.readmit_customer(customer_id):
            raise CommandError("Nobody with this id was erased, or SECRET_KEY has changed since.")
        self.stdout.write("Imports take this id again.")
