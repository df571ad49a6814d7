"""Background tasks of the config app."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from config.api.idempotency import drop_old_keys
from config.monitoring.alerts import rounds


def drop_old_idempotency_keys() -> None:
    """Forget the keys that nobody may repeat any more."""
    drop_old_keys()


def drop_expired_sessions() -> None:
    """Forget logins that are over; who goes to the identity provider and never comes back leaves a session, too."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()


def check_alerts() -> None:
    """Look at what is wrong, and tell those who are to be told."""
    rounds.check_alerts()


def drop_old_alerts() -> None:
    """Forget alerts that are long over."""
    rounds.drop_old_alerts()
