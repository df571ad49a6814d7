"""`manage.py lift_block NAME`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.access.throttling import lift_block
from config.core.commands import LeanCommand


class Command(LeanCommand):
    """Lets somebody in at once who would have to wait."""

    help = "Forget the wrong passwords for an account, or the wrong passwords and tokens from an address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="a user name, or an IP address as the log has it")

    def handle(self, *args: Any, **options: Any) -> None:
        if not lift_block(options["name"]):
            raise CommandError("Nothing is counted against that account or address.")
        self.stdout.write("Lifted.")
