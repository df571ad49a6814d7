"""Send the messages that are due, each until it is taken, is refused for good, or its schedule ends."""

import logging
import time
from datetime import datetime, timedelta

from config.http.client import TransportError
from config.models import AlertMessage
from config.monitoring.alerts import channels

logger = logging.getLogger(__name__)

RETRY_SECONDS = (60, 300, 900, 3600, 10_800, 21_600)  # until the next attempt; after the last of them it is given up
ROUND_SECONDS = 30.0  # for each channel
MOST_A_ROUND = 50  # messages over each channel
UNFINISHED = "The process ended before it knew what came of it"


def send_due(now: datetime) -> list[AlertMessage]:
    """Send what is due, the oldest first, for about a minute in all; return what was tried.

    A channel that fails is left alone until the next round: the messages behind would only wait for the same.
    """
    tried = []
    for channel in AlertMessage.Channel.values:
        deadline = time.monotonic() + ROUND_SECONDS
        due = AlertMessage.objects.filter(status=AlertMessage.Status.PENDING, channel=channel, next_attempt_at__lte=now)
        for message in due.order_by("pk")[:MOST_A_ROUND]:
            if time.monotonic() >= deadline:
                break
            tried.append(attempt(message, now))
            if message.status != AlertMessage.Status.SENT:
                break
    return tried


def attempt(message: AlertMessage, now: datetime, *, retry: bool = True) -> AlertMessage:
    """Send one message and keep what came of it; return it as it then is.

    The row is written first as if the attempt failed, so that one which kills the process is counted, and tried again.
    """
    message.attempts += 1
    _put_off(message, now, retry=retry)
    try:
        channels.send(message)
    except TransportError as error:
        _note_failure(message, error, now)
    else:
        message.status, message.sent_at = AlertMessage.Status.SENT, now
        message.next_attempt_at, message.last_error = None, ""
    message.save()
    return message


def _put_off(message: AlertMessage, now: datetime, *, retry: bool) -> None:
    message.last_error = UNFINISHED
    if retry and message.attempts <= len(RETRY_SECONDS):
        message.next_attempt_at = now + timedelta(seconds=RETRY_SECONDS[message.attempts - 1])
    else:
        message.status, message.next_attempt_at = AlertMessage.Status.FAILED, None
    message.save()


def _note_failure(message: AlertMessage, error: TransportError, now: datetime) -> None:
    message.last_error = str(error)
    if error.permanent:
        message.status, message.next_attempt_at = AlertMessage.Status.FAILED, None
    if message.next_attempt_at is None:
        logger.error("Alert %s is given up after %d attempts: %s", message, message.attempts, error)
        return
    message.next_attempt_at = max(message.next_attempt_at, now + timedelta(seconds=error.retry_after or 0.0))
    logger.warning("Alert %s: %s; next at %s", message, error, message.next_attempt_at)
