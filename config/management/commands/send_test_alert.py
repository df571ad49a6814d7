"""`manage.py send_test_alert`."""

from typing import Any

from django.core.management.base import CommandError

from config.access import audit
from config.core.commands import LeanCommand
from config.models import AlertMessage
from config.monitoring.alerts.rounds import send_test


class Command(LeanCommand):
    """Sends one message through each channel and says what came of it."""

    help = "Send a test message to ALERT_WEBHOOK and ALERT_EMAILS."

    def handle(self, *args: Any, **options: Any) -> None:
        sent = send_test()
        if not sent:
            raise CommandError("Nobody is told: set ALERT_WEBHOOK or ALERT_EMAILS (docs/operations.md).")
        audit.record("send_test_alert")
        for message in sent:
            self.stdout.write(f"{message.channel}: {message.status} {message.last_error}".rstrip())
        if any(message.status != AlertMessage.Status.SENT for message in sent):
            raise CommandError("Not every channel took the message.")
