"""Background tasks of the config app."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from config.access import audit
from config.access.rates import drop_old_quotas
from config.access.throttling import drop_old_attempts
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


def drop_old_counts() -> None:
    """Forget failed attempts and requests that count no more."""
    drop_old_attempts()
    drop_old_quotas()


def drop_old_audit_entries() -> None:
    """Forget who did what longer than AUDIT_RETENTION_DAYS ago."""
    audit.drop_old_entries()
