"""`manage.py migrate`, one process at a time: containers that start together must not migrate together."""

import time
from typing import Any

from django.core.management.commands import migrate

from config.core.commands import SETTINGS
from config.core.locks import exclusive

POLL_SECONDS = 0.5


class Command(migrate.Command):
    """Waits while another process migrates the same database; then there is nothing left to do."""

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["skip_checks"]:
            self.check(tags=[SETTINGS])  # before the lock, which needs a session
        while True:
            with exclusive("migrate") as taken:
                if taken:
                    super().handle(*args, **options)
                    return
            time.sleep(POLL_SECONDS)
