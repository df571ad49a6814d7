"""A delivery as a timeline: when it was queued, what each request came to, waits, what people did, its end, the next try."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.access.audit import entries_about
from config.core.kept_texts import translated
from config.monitoring.dashboard import Tone, duration
from inflight.models import Delivery, DeliveryAttempt
from inflight.selectors import attempts_of

MOST_ATTEMPTS = 200  # the newest; consecutive acknowledgements are one event
MOST_ACTS = 50
LEAST_WAIT = timedelta(seconds=5)  # between two requests, to be told
ACTS = {
    "retry_delivery": gettext_lazy("Retried by %(who)s"),
    "pause_delivery": gettext_lazy("Paused by %(who)s"),
    "resume_delivery": gettext_lazy("Resumed by %(who)s"),
    "send_again": gettext_lazy("Sent again by %(who)s"),
}


@dataclass(frozen=True)
class Event:
    """Something that happened, or, in the future, will; `until` is its end, where it took time."""

    at: datetime
    title: str
    tone: Tone = Tone.PLAIN
    text: str = ""
    answer: str = ""  # what the partner said
    until: datetime | None = None
    is_future: bool = False


def timeline_of(delivery: Delivery, *, shows_answers: bool) -> tuple[list[Event], bool]:
    """Return the events, the oldest first, and whether there are earlier requests than these.

    `shows_answers`: the partner's answers may quote people.
    """
    newest = list(attempts_of(delivery).order_by("-id")[: MOST_ATTEMPTS + 1])
    attempts = newest[:MOST_ATTEMPTS][::-1]
    events = [_queued(delivery), *_requests(attempts, delivery, shows_answers=shows_answers), *_acts(delivery)]
    events = list(_with_waits(sorted(events, key=lambda event: event.at)))
    return [*events, *_end(delivery)], len(newest) > MOST_ATTEMPTS


def _queued(delivery: Delivery) -> Event:
    who = delivery.requested_by
    title = _("Queued by %(who)s") % {"who": who} if who else _("Queued")
    what = {
        Delivery.Only.CHANGED: _("Customers that are new or have changed since they were last sent."),
        Delivery.Only.CHOSEN: _("Selected customers."),
    }.get(Delivery.Only(delivery.only), _("All customers."))
    return Event(delivery.created_at, title, text=what)


def _requests(attempts: Iterable[DeliveryAttempt], delivery: Delivery, *, shows_answers: bool) -> Iterator[Event]:
    for outcome, group in groupby(attempts, key=lambda attempt: attempt.outcome):
        found = list(group)
        if outcome == "acknowledged" and len(found) > 1:
            yield _acknowledgements(found)
        else:
            yield from (_request(attempt, delivery, shows_answers=shows_answers) for attempt in found)


def _acknowledgements(attempts: list[DeliveryAttempt]) -> Event:
    first, last = attempts[0], attempts[-1]
    title = _("The partner acknowledged %(number)d batches") % {"number": len(attempts)}
    text = _("Batches %(first)d to %(last)d, %(customers)d customers.") % {
        "first": min(attempt.batch.number for attempt in attempts),
        "last": max(attempt.batch.number for attempt in attempts),
        "customers": sum(attempt.batch.customers for attempt in attempts),
    }
    return Event(first.started_at, title, Tone.GOOD, text, until=_ended(last))


def _request(attempt: DeliveryAttempt, delivery: Delivery, *, shows_answers: bool) -> Event:
    answer = attempt.answer if shows_answers else ""
    batch = {"batch": attempt.batch.number}
    if attempt.seconds is None:
        text = _("The request is under way.") if delivery.is_active else ""
        text = text or _(
            "Its outcome is unknown: the process that sent it stopped. It is sent again with the same key."
        )
        return Event(attempt.started_at, _("Request with batch %(batch)d") % batch, Tone.WAITING, text)
    took = _("after %(seconds)s s") % {"seconds": number_format(attempt.seconds, 2)}
    if attempt.error:
        title = _("Batch %(batch)d was not acknowledged") % batch
        return Event(
            attempt.started_at, title, Tone.BAD, f"{translated(attempt.error)} ({took})", answer, _ended(attempt)
        )
    customers = attempt.batch.customers
    people = ngettext("%(number)d customer", "%(number)d customers", customers) % {"number": customers}
    title = _("The partner acknowledged batch %(batch)d") % batch
    return Event(
        attempt.started_at, title, Tone.GOOD, f"{attempt.http_status}, {people}, {took}", answer, _ended(attempt)
    )


def _ended(attempt: DeliveryAttempt) -> datetime:
    return attempt.started_at + timedelta(seconds=attempt.seconds or 0.0)


def _acts(delivery: Delivery) -> Iterator[Event]:
    entries = entries_about(Delivery._meta.label_lower, str(delivery.pk)).filter(act__in=ACTS)
    for entry in entries.order_by("-pk")[:MOST_ACTS]:
        yield Event(entry.at, ACTS[entry.act] % {"who": entry.actor or _("somebody")})


def _with_waits(events: list[Event]) -> Iterator[Event]:
    """Put between two events, of which the first was a request, how long nothing happened."""
    for event, following in pairwise([*events, None]):
        assert event is not None  # noqa: S101 - only the last is
        yield event
        if event.until and following and following.at - event.until >= LEAST_WAIT:
            waited = duration((following.at - event.until).total_seconds())
            yield Event(event.until, _("Waited for %(time)s") % {"time": waited}, Tone.WAITING)


def _end(delivery: Delivery) -> Iterator[Event]:
    if delivery.status == Delivery.Status.DELIVERED and delivery.finished_at:
        yield Event(delivery.finished_at, _("Delivered"), Tone.GOOD, _("The partner has acknowledged all batches."))
    elif delivery.status == Delivery.Status.FAILED and delivery.finished_at:
        text = _("There are no further automatic attempts. Correct the cause of the last error, then retry.")
        yield Event(delivery.finished_at, _("Failed"), Tone.BAD, text)
    elif delivery.next_attempt_at and not delivery.is_paused:
        yield Event(
            delivery.next_attempt_at,
            _("Next attempt"),
            Tone.WAITING,
            _("Made by a worker. To try at once, retry the delivery."),
            is_future=True,
        )
