"""Base of management commands that run in the background or in a terminal."""

from django.core.management.base import BaseCommand

SETTINGS = "settings"  # the tag of the system checks of settings


class LeanCommand(BaseCommand):
    """Check only the settings at the start: checking URLs and admin would load every page, half of the start's time."""

    requires_system_checks = (SETTINGS,)
