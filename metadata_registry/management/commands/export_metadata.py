"""`manage.py export_metadata > FILE`."""

import sys
from typing import Any

from config.core.commands import LeanCommand
from metadata_registry.exchange import export_lines


class Command(LeanCommand):
    """Writes the whole registry, tombstones and history included, to standard output as JSON lines."""

    help = "Write the whole registry, tombstones and history included, to standard output as JSON lines."

    def handle(self, *args: Any, **options: Any) -> None:
        for line in export_lines():
            sys.stdout.buffer.write(line)
