"""Base of management commands that run in the background or in a terminal."""

from django.core.management.base import BaseCommand

SETTINGS = "settings"  # the tag of the system checks of settings


class LeanCommand(BaseCommand):
    """Checks the settings at its start, and no more: to check paths and admin would load every page, for half its start."""

    requires_system_checks = (SETTINGS,)
