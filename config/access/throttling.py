"""Wrong passwords, codes and tokens make whoever sends them wait: the more there were, the longer.

The counts are rows, so that all web processes share them. An attempt is counted before anybody looks whether it is right, by
one conditional statement: however many guesses come at once, no more of them are looked at than the limit lets through.
Decision 0072.
"""

import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import TypeVar

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.access import audit
from config.access.addresses import client_address, is_address
from config.core.locks import WouldWaitError, without_waiting
from config.models import FailedAttempts

logger = logging.getLogger(__name__)

T = TypeVar("T")
Kind = FailedAttempts.Kind

# So many attempts in a row are looked at without a wait. The last of them costs a second, each one after it twice as much.
FREE = {Kind.ACCOUNT: 5, Kind.DEVICE: 5, Kind.CODE: 5, Kind.LOGIN_ADDRESS: 20, Kind.TOKEN_ADDRESS: 20}
OWN = (Kind.ACCOUNT, Kind.DEVICE, Kind.CODE)  # a success clears them; an address is shared by others
LONGEST_SECONDS = 900
DOUBLINGS = math.ceil(math.log2(LONGEST_SECONDS))
# Without a wrong one meanwhile: more than the longest delay, so that who goes on at its pace is not forgotten. Of an address
# sooner, since many people may share it: it must not add up who mistypes once a day.
FORGOTTEN_AFTER = dict.fromkeys(OWN, timedelta(hours=24)) | {
    Kind.LOGIN_ADDRESS: timedelta(hours=1),
    Kind.TOKEN_ADDRESS: timedelta(hours=1),
}
IPV6_PREFIX = 64  # what one customer of a provider has
LONGEST_NAME = 150  # of a name in the log
DROPPED_AT_ONCE = 1000
MOST_ACCEPTED = 4096  # tokens that a process remembers


class TooManyRequests(Exception):  # noqa: N818 - as HTTP calls it
    """Whoever asks has to wait: 429 with Retry-After."""

    def __init__(self, what: str, seconds: float) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        if self.retry_after >= 120:
            number = math.ceil(self.retry_after / 60)
            when = ngettext("Try again in %(number)s minute.", "Try again in %(number)s minutes.", number)
        else:
            number = self.retry_after
            when = ngettext("Try again in %(number)s second.", "Try again in %(number)s seconds.", number)
        self.detail = f"{what} {when % {'number': number}}"
        super().__init__(self.detail)


@dataclass(frozen=True)
class Subject:
    """Whose attempts are counted: of a kind, and by name. A browser's name says nothing, so it has its `account`, too."""

    kind: Kind
    name: str
    account: str = ""
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.kind, self.name))

    def refusal(self, seconds: float) -> TooManyRequests:
        what = {
            Kind.CODE: _("Too many wrong codes."),
            Kind.TOKEN_ADDRESS: _("Too many wrong tokens from this address."),
        }
        return TooManyRequests(what.get(self.kind, _("Too many wrong passwords.")), seconds)


def key_of(kind: str, name: str) -> str:
    """Return what stands for a name in the table: nobody reads accounts and addresses there."""
    return salted_hmac("config.access.throttling", f"{kind}\0{name}", algorithm="sha256").hexdigest()


def account_of(name: str) -> str:
    """Return the name by which attempts for an account are counted: in whatever case it is typed."""
    return name.casefold()


def network_of(address: str) -> str:
    """Return the address by which attempts are counted: of IPv6 its /64; "" where there is none (a Unix socket)."""
    if not is_address(address):
        return ""
    found = ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    is_v4 = isinstance(found, IPv4Address)
    return str(found) if is_v4 else str(IPv6Network((int(found), IPV6_PREFIX), strict=False))


# --- Failed attempts -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Reservation:
    """An attempt that is counted already, whatever comes of it. One of the three has to be called."""

    subjects: tuple[Subject, ...]
    at: datetime

    def fail(self) -> None:
        """Leave it counted, and log who has to wait now."""
        keys = [subject.key for subject in self.subjects]
        FailedAttempts.objects.filter(key__in=keys, failed_at__lt=self.at).update(failed_at=self.at)
        for subject in self.subjects:
            row = FailedAttempts.objects.filter(key=subject.key, last_at=self.at, blocked_until__gt=self.at).first()
            if row:
                report_block(subject, row)

    def give_back(self) -> None:
        """Do as if it had not been made."""
        for subject in self.subjects:
            rows = FailedAttempts.objects.filter(key=subject.key, count__gt=0)
            if not rows.filter(last_at=self.at).update(count=F("count") - 1, blocked_until=None):
                rows.update(count=F("count") - 1)  # another was made since, whose delay stays

    def succeed(self) -> None:
        """Forget what was counted against the account or the browser; the address gets this one attempt back."""
        own = [subject.key for subject in self.subjects if subject.kind in OWN]
        FailedAttempts.objects.filter(key__in=own).update(count=0, blocked_until=None)
        others = tuple(subject for subject in self.subjects if subject.key not in own)
        Reservation(others, self.at).give_back()


def refuse_blocked(*subjects: Subject) -> None:
    """Raise TooManyRequests where one of the subjects has to wait; count nothing."""
    _look_up(subjects, timezone.now())


def reserve(*subjects: Subject) -> Reservation:
    """Count an attempt of each subject; raise TooManyRequests, and count none, where one of them has to wait."""
    now = timezone.now()
    found = _look_up(subjects, now)
    missing = [subject for subject in subjects if subject.key not in found]
    FailedAttempts.objects.bulk_create([_row_of(subject, now) for subject in missing], ignore_conflicts=True)
    counted: list[Subject] = []
    for subject in subjects:
        if not _count(subject, now):  # others came first and used up what was left
            Reservation(tuple(counted), now).give_back()
            raise subject.refusal(1)
        counted.append(subject)
    return Reservation(subjects, now)


def _row_of(subject: Subject, now: datetime) -> FailedAttempts:
    account = key_of(Kind.ACCOUNT, subject.account) if subject.account else ""
    return FailedAttempts(key=subject.key, kind=subject.kind, account=account, last_at=now, failed_at=now)


def _look_up(subjects: tuple[Subject, ...], now: datetime) -> dict[str, int]:
    """Return the count of each subject that has one; raise TooManyRequests where one has to wait."""
    named = {subject.key: subject for subject in subjects}
    rows = list(FailedAttempts.objects.filter(key__in=named))
    waits = [(_seconds_to_wait(row, now), row.key) for row in rows if row.blocked_until and row.blocked_until > now]
    if waits:
        longest, key = max(waits)
        raise named[key].refusal(longest)
    old = [row for row in rows if row.failed_at < now - FORGOTTEN_AFTER[Kind(row.kind)]]
    for row in old:
        FailedAttempts.objects.filter(pk=row.pk, failed_at=row.failed_at).update(count=0, failed_at=now)
    return {row.key: 0 if row in old else row.count for row in rows}


def _seconds_to_wait(row: FailedAttempts, now: datetime) -> float:
    """How long a block lasts; a second while the attempt that it belongs to is looked at, which may be right."""
    left: float = (row.blocked_until - now).total_seconds() if row.blocked_until else 0.0
    return left if row.failed_at >= row.last_at else min(left, 1.0)


def _count(subject: Subject, now: datetime) -> int:
    """Count an attempt unless the subject has to wait, and say how long the next one has to; return 0 or 1."""
    last_free = FREE[subject.kind] - 1  # attempts before this one
    delays = [
        When(count=last_free + doubling, then=Value(now + timedelta(seconds=2**doubling)))
        for doubling in range(DOUBLINGS)
    ]
    longest = Value(now + timedelta(seconds=LONGEST_SECONDS))
    blocked_until = Case(When(count__lt=last_free, then=None), *delays, default=longest)
    free = FailedAttempts.objects.filter(key=subject.key).exclude(blocked_until__gt=now)
    return free.update(count=F("count") + 1, last_at=now, blocked_until=blocked_until)


def report_block(subject: Subject, row: FailedAttempts) -> None:
    """Tell log and audit that somebody has to wait: once for each block, at most as often as an attempt is looked at."""
    seconds = round((row.blocked_until - row.last_at).total_seconds()) if row.blocked_until else 0
    facts = {
        "kind": str(subject.kind),
        "subject": (subject.account or subject.name)[:LONGEST_NAME],
        "attempts": row.count,
        "seconds": seconds,
    }
    told = (facts["kind"], facts["subject"], facts["attempts"], facts["seconds"])
    logger.warning("Too many wrong attempts: %s %r, %d in a row, waits %d s", *told, extra={"throttle": facts})
    audit.record("block", kind=facts["kind"], attempts=facts["attempts"], seconds=seconds)


def lift_block(name: str) -> int:
    """Forget the attempts for an account, in whatever browser, or from an address; return how many rows that were."""
    names = {account_of(name), network_of(name)} - {""}
    keys = [key_of(kind, each) for kind in Kind for each in names]
    own = Q(key__in=keys) | Q(account=key_of(Kind.ACCOUNT, account_of(name)))
    with transaction.atomic():
        lifted = FailedAttempts.objects.filter(own).delete()[0]
        if lifted:
            audit.record("lift_block", name=name[:LONGEST_NAME])
    return lifted


def drop_old_attempts() -> None:
    """Drop what is forgotten, in steps that keep nobody waiting."""
    old = FailedAttempts.objects.filter(failed_at__lt=timezone.now() - max(FORGOTTEN_AFTER.values()))
    while keys := list(old.values_list("pk", flat=True)[:DROPPED_AT_ONCE]):
        old.filter(pk__in=keys).delete()


# --- Wrong tokens --------------------------------------------------------------------------------------------------
_accepted: dict[int, None] = {}  # hashes, the oldest first; Python keys them anew in each process
_accepted_lock = threading.Lock()
_address_locks = tuple(threading.Lock() for _ in range(64))


def check_token(request: HttpRequest, token: str, verify: Callable[[str], T], *, wrong: type[Exception]) -> T:
    """Return what `verify` returns for a token; raise TooManyRequests instead where its address has to wait.

    An exception of `verify` of the type `wrong` counts against the address, any other does not. A token that this process has
    accepted lately is not held up by the wrong ones of others: all of an aircraft come from one address.
    """
    fingerprint = hash(token)
    if fingerprint in _accepted:
        try:
            return verify(token)
        except wrong:
            with _accepted_lock:
                _accepted.pop(fingerprint, None)
            raise
    address = network_of(client_address(request))
    found = _check_new_token(Subject(Kind.TOKEN_ADDRESS, address), token, verify, wrong) if address else verify(token)
    with _accepted_lock:
        _accepted[fingerprint] = None
        if len(_accepted) > MOST_ACCEPTED:
            del _accepted[next(iter(_accepted))]
    return found


@contextmanager
def _soon() -> Iterator[None]:
    """Have who asks try again where an import has SQLite to itself: all of an address would wait for it."""
    try:
        with without_waiting():
            yield
    except WouldWaitError as error:
        raise TooManyRequests(_("The database is busy."), 1) from error


def _check_new_token(subject: Subject, token: str, verify: Callable[[str], T], wrong: type[Exception]) -> T:
    # From an address without wrong ones a token is looked at before it is counted: nothing is written for a right one. As
    # each process looks at one of an address at a time, it takes as many processes as there are free attempts to slip through.
    with _address_locks[hash(subject.key) % len(_address_locks)], _soon():
        is_clean = not _look_up((subject,), timezone.now()).get(subject.key)
        reservation = None if is_clean else reserve(subject)
        try:
            found = verify(token)
        except wrong:
            (reservation or reserve(subject)).fail()
            raise
        except BaseException:
            if reservation:
                reservation.give_back()
            raise
        if reservation:
            reservation.give_back()
    return found
