"""Alerts on the admin's first page and in the metrics."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from prometheus_client import Metric

from config.core.admin_columns import capped, list_address
from config.models import Alert, AlertMessage
from config.monitoring.alerts import channels
from config.monitoring.dashboard import Figure, Next, Panel, Tone, a_day_ago, tone_of
from config.monitoring.metrics import counted_by, rows_by

HOW_TO_BE_TOLD = gettext_lazy(
    "Nobody is notified: set ALERT_WEBHOOK (a Slack webhook, or any URL that accepts JSON) or ALERT_EMAILS."
)


def panel() -> Panel:
    """Return what is wrong now, and whether somebody was told."""
    now_wrong = Alert.objects.filter(status=Alert.Status.OPEN)
    sent = AlertMessage.objects.filter(sent_at__gte=a_day_ago())
    failed = AlertMessage.objects.filter(created_at__gte=a_day_ago(), status=AlertMessage.Status.FAILED)
    told = Next(HOW_TO_BE_TOLD, list_address(Alert), _("Alerts"))
    return Panel(
        [
            Figure(
                _("open alerts"),
                capped(now_wrong),
                list_address(Alert, status__exact=Alert.Status.OPEN),
                tone_of(now_wrong.exists(), Tone.BAD),
            ),
            Figure(_("messages sent in 24 h"), capped(sent), list_address(AlertMessage)),
            Figure(
                _("messages given up in 24 h"),
                capped(failed),
                list_address(AlertMessage, status__exact=AlertMessage.Status.FAILED),
                tone_of(failed.exists(), Tone.BAD),
            ),
        ],
        next=None if channels.configured() else told,
    )


def collect() -> Iterator[Metric]:
    """Yield alerts and their messages by status, and what is wrong now by severity."""
    open_ = Alert.objects.filter(status=Alert.Status.OPEN)
    yield counted_by(open_, "severity", "apron_alerts_open", "Alerts about what is wrong now, by severity")
    yield rows_by(Alert, "status", "apron_alerts", "Alerts of the last 30 days by status")
    yield rows_by(AlertMessage, "status", "apron_alert_messages", "Messages about alerts by status")
