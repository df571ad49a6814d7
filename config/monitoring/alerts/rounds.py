"""A round: look at what is wrong, write the messages, send them. One process at a time; killed anywhere, the next goes on."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext

from config.core.locks import exclusive
from config.models import Alert, AlertMessage
from config.monitoring.alerts import channels
from config.monitoring.alerts.announcing import address, announce
from config.monitoring.alerts.observing import observe
from config.monitoring.alerts.sending import UNFINISHED, attempt, send_due

LOCK = "alerts"
KEPT = timedelta(days=30)


def check_alerts(now: datetime | None = None) -> list[AlertMessage]:
    """Make a round; return the messages that it sent or tried to. Does nothing while another process makes one."""
    now = now or timezone.now()
    with exclusive(LOCK) as taken:
        if not taken:
            return []
        observe(now)
        announce(now)
        return send_due(now)


def send_test() -> list[AlertMessage]:
    """Send a message over each channel, once; return them with what came of it."""
    now = timezone.now()
    content = {
        "kind": "test",
        "key": "test",
        "state": "test",
        "severity": "info",
        "title": gettext("A test of Apron's alerts"),
        "detail": gettext("Whoever receives this is notified when something is wrong."),
        "since": now.isoformat(timespec="seconds"),
        "ended_at": None,
        "url": address("/admin/config/alert/"),
    }
    messages = [
        AlertMessage.objects.create(
            channel=channel,
            content=content,
            status=AlertMessage.Status.FAILED,  # until it is sent: no round tries it again
            next_attempt_at=None,
            last_error=UNFINISHED,
        )
        for channel in channels.configured()
    ]
    return [attempt(message, now, retry=False) for message in messages]


def drop_old_alerts(now: datetime | None = None) -> None:
    """Forget what was over, and what was told, KEPT ago."""
    before = (now or timezone.now()) - KEPT
    Alert.objects.exclude(status__in=Alert.CURRENT).filter(ended_at__lt=before).delete()
    AlertMessage.objects.filter(created_at__lt=before).delete()
