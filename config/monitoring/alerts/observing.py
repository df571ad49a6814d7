"""Keep a row for each state that something is in: made when it begins, ended when its source no longer reports it."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from config.models import Alert
from config.monitoring.alerts.sources import Condition, Source, registered

logger = logging.getLogger(__name__)

SETTLES_AFTER = timedelta(minutes=5)  # what comes back sooner has not ended


def observe(now: datetime) -> None:
    """Ask each source what is wrong. One that cannot tell leaves its alerts as they are."""
    for name, source in registered().items():
        try:
            _observe(name, source, now)
        except Exception:
            logger.exception("The alerts of %s could not be read", name)
    _settle(now)


def _observe(name: str, source: Source, now: datetime) -> None:
    found = list(source(now))
    _note_events(name, [each for each in found if each.happened])
    current = {alert.key: alert for alert in Alert.objects.filter(source=name, status__in=Alert.CURRENT)}
    for condition in found:
        if not condition.happened:
            _note(name, condition, current.pop(condition.key, None), now)
    gone = [alert.pk for alert in current.values() if alert.status == Alert.Status.OPEN]
    Alert.objects.filter(pk__in=gone).update(status=Alert.Status.ENDING, ended_at=now)


def _note_events(name: str, happened: list[Condition]) -> None:
    keys = [condition.key for condition in happened]
    known = set(Alert.objects.filter(status=Alert.Status.HAPPENED, key__in=keys).values_list("key", "state"))
    for condition in happened:
        if (condition.key, condition.state) not in known:
            alert = _alert(name, condition)
            alert.status, alert.ended_at = Alert.Status.HAPPENED, condition.since
            alert.save()


def _note(name: str, condition: Condition, alert: Alert | None, now: datetime) -> None:
    is_due = not condition.patience or now - condition.since >= condition.patience
    if alert is None:
        if is_due:
            _alert(name, condition).save()
    elif is_due and alert.state != condition.state:
        with transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(status=Alert.Status.OVER, notice=Alert.Notice.NONE, ended_at=now)
            _alert(name, condition).save()
    elif alert.status == Alert.Status.ENDING:
        Alert.objects.filter(pk=alert.pk).update(status=Alert.Status.OPEN, ended_at=None)


def _alert(name: str, condition: Condition) -> Alert:
    return Alert(
        source=name,
        key=condition.key,
        state=condition.state,
        severity=condition.severity,
        title=condition.title,
        detail=condition.detail,
        recovery=condition.recovery,
        path=condition.path,
        since=condition.since,
    )


def _settle(now: datetime) -> None:
    """Take for over what has not come back. Its end is told where its beginning was."""
    settled = Alert.objects.filter(status=Alert.Status.ENDING, ended_at__lte=now - SETTLES_AFTER)
    settled.filter(told_at=None).update(status=Alert.Status.OVER, notice=Alert.Notice.NONE)
    settled.update(status=Alert.Status.OVER, notice=Alert.Notice.RECOVERED)
