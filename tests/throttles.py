"""Blocks of throttling, made to last as long as a test needs."""

from datetime import timedelta

from django.utils import timezone

from config.models import FailedAttempts


def prolong_blocks() -> None:
    """Let whoever has to wait, for a second perhaps, wait for five minutes from now on."""
    blocked = FailedAttempts.objects.filter(blocked_until__isnull=False)
    blocked.update(blocked_until=timezone.now() + timedelta(minutes=5))


def end_blocks() -> None:
    """Let the time pass until nobody has to wait any more."""
    FailedAttempts.objects.filter(blocked_until__isnull=False).update(blocked_until=timezone.now())
