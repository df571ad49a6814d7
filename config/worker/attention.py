"""What of the platform itself needs a person: its parts, its disks, its workers and queue, and who is told."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.models import Failure

from config.core.admin_columns import capped, list_address
from config.models import Alert, AlertMessage, WorkerHeartbeat
from config.monitoring import health
from config.monitoring.attention import Need
from config.monitoring.dashboard import Tone, a_day_ago

OWN_SOURCES = ("disk", "worker")  # of alerts; what is wrong with an app, the app says itself
PAGES = {"worker": WorkerHeartbeat}


def parts() -> Iterator[Need]:
    """Yield each part of /health that does not work."""
    for name, part in health.report()[1].items():
        if part["status"] != "ok":
            text = _("%(part)s does not work: %(detail)s") % {"part": name.capitalize(), "detail": part["detail"]}
            button = _("View the workers") if name in PAGES else ""
            yield Need(text, button, list_address(PAGES[name]) if name in PAGES else "")


def alerts() -> Iterator[Need]:
    """Yield the warnings about disks and workers, and that nobody could be told of alerts."""
    warnings = Alert.objects.filter(
        status=Alert.Status.OPEN, source__in=OWN_SOURCES, severity=Alert.Severity.WARNING
    )  # errors are what /health says
    for alert in warnings.order_by("pk")[:10]:
        yield Need(
            f"{alert.title}.", _("See why"), reverse("admin:config_alert_change", args=(alert.pk,)), Tone.WAITING
        )


def messages() -> Iterator[Need]:
    """Yield that messages about alerts were given up."""
    given_up = AlertMessage.objects.filter(created_at__gte=a_day_ago(), status=AlertMessage.Status.FAILED)
    if given_up.exists():
        yield Need(
            _("Alert messages given up in the last 24 hours: %(number)s.") % {"number": capped(given_up)},
            _("See why"),
            list_address(AlertMessage, status__exact=AlertMessage.Status.FAILED),
        )


def tasks() -> Iterator[Need]:
    """Yield that background tasks failed within a day: what they had to do is tried again by the next ones."""
    failed = Failure.objects.filter(stopped__gte=a_day_ago())
    if failed.exists():
        yield Need(
            _("Background tasks failed in the last 24 hours: %(number)s.") % {"number": capped(failed)},
            _("See why"),
            list_address(Failure),
            Tone.WAITING,
        )
