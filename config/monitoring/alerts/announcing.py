"""Write the messages about what began, happened or ended: a row for each channel, and no more than so many an hour."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from config.models import Alert, AlertMessage
from config.monitoring.alerts import channels

AN_HOUR = timedelta(hours=1)
MOST_AN_HOUR = 20  # messages over each channel
MOST_AT_ONCE = 5  # more changes than these are told in one message
MOST_LISTED = 20  # titles in such a message; the rest is counted
MOST_READ = 1000  # changes that one message tells of


@transaction.atomic
def announce(now: datetime) -> None:
    """Write a message for each change that nobody was told of, or one for all where these would be too many."""
    configured = channels.configured()
    if not configured:
        _forget_what_is_past()
        return
    untold = Alert.objects.exclude(notice=Alert.Notice.NONE).exclude(status=Alert.Status.ENDING)
    changed = list(untold.order_by("pk")[:MOST_READ])
    free = MOST_AN_HOUR - _written_since(now - AN_HOUR)
    if not changed or free <= 0:
        return
    if len(changed) <= min(MOST_AT_ONCE, free - 1) or len(changed) == 1:
        for alert in changed:
            write(content_of(alert), configured, [alert], now)
    else:
        write(_summary(changed), configured, changed, now)
    ids = [alert.pk for alert in changed]
    Alert.objects.filter(pk__in=ids, told_at=None).update(told_at=now)
    Alert.objects.filter(pk__in=ids).update(notice=Alert.Notice.NONE)


def write(content: dict[str, Any], to: Sequence[str], about: Sequence[Alert], now: datetime) -> list[AlertMessage]:
    """Return new messages of the same content, one for each channel."""
    messages = [
        AlertMessage.objects.create(channel=channel, content=content, created_at=now, next_attempt_at=now)
        for channel in to
    ]
    for message in messages:
        message.alerts.set(about)
    return messages


def content_of(alert: Alert) -> dict[str, Any]:
    """Return what a message says of one change."""
    is_over = alert.notice == Alert.Notice.RECOVERED
    return {
        "kind": "recovered" if is_over else ("happened" if alert.status == Alert.Status.HAPPENED else "begun"),
        "key": alert.key,
        "state": alert.state,
        "severity": "info" if is_over else alert.severity,
        "title": (alert.recovery or gettext("Resolved: %(title)s") % {"title": alert.title})
        if is_over
        else alert.title,
        "detail": "" if is_over else alert.detail,
        "since": _iso(alert.since),
        "ended_at": _iso(alert.ended_at) if is_over and alert.ended_at else None,
        "url": address(alert.path),
    }


def address(path: str) -> str:
    """Return where people open a page; only its path where PUBLIC_URL does not say."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def _summary(changed: Sequence[Alert]) -> dict[str, Any]:
    contents = [content_of(alert) for alert in changed]
    lines = [gettext("%(severity)s: %(title)s") % content for content in contents[:MOST_LISTED]]
    if len(contents) > MOST_LISTED:
        lines.append(gettext("and %(number)s more") % {"number": len(contents) - MOST_LISTED})
    is_error = any(content["severity"] == Alert.Severity.ERROR for content in contents)
    return {
        "kind": "summary",
        "key": "summary",
        "state": "summary",
        "severity": Alert.Severity.ERROR if is_error else Alert.Severity.WARNING,
        "title": gettext("%(number)s alerts changed") % {"number": len(contents)},
        "detail": "\n".join(lines),
        "since": min(content["since"] for content in contents),
        "ended_at": None,
        "url": address("/admin/config/alert/"),
    }


def _written_since(moment: datetime) -> int:
    """Count the messages of the channel that has most of them."""
    recent = AlertMessage.objects.filter(created_at__gt=moment)
    return max(recent.filter(channel=channel).count() for channel in AlertMessage.Channel.values)


def _forget_what_is_past() -> None:
    """Who is told from tomorrow on has no use for yesterday; what is still so is told then."""
    past = Alert.objects.exclude(notice=Alert.Notice.NONE).filter(status__in=[Alert.Status.HAPPENED, Alert.Status.OVER])
    past.update(notice=Alert.Notice.NONE)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
