"""Base of management commands that run in the background or in a terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.core.disk import lacks_room, where_room_lacks

SETTINGS = "settings"  # the tag of the system checks of settings


class LeanCommand(BaseCommand):
    """Check only the settings at the start: checking URLs and admin would load every page, half of the start's time."""

    requires_system_checks = (SETTINGS,)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except Exception as error:
            if lacks_room(error) and not isinstance(error, CommandError):
                raise CommandError(
                    f"No space is left on {where_room_lacks(error)}. Free some space, then run this again."
                ) from error
            raise
