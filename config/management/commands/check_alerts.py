"""`manage.py check_alerts`."""

from typing import Any

from config.core.commands import LeanCommand
from config.models import Alert
from config.monitoring.alerts.rounds import check_alerts


class Command(LeanCommand):
    """Does once what a worker does each minute; for cron, where nothing else may be running."""

    help = "Look at what is wrong, and tell those who are to be told."

    def handle(self, *args: Any, **options: Any) -> None:
        for message in check_alerts():
            self.stdout.write(f"{message.channel}: {message.status} {message.last_error}".rstrip())
        for alert in Alert.objects.filter(status__in=Alert.CURRENT).order_by("pk"):
            self.stdout.write(f"{alert.severity}: {alert.title}")
