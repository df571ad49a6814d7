"""Pick files up from an inbox: fetch a pair, import it, move it away, and start the delivery of what it changed.

How far a pair is stands in its row, written before each step and read by whoever looks next. So a process may be killed at any
line: the next look goes on, an import that was over is not made again, and a file is moved under the name once chosen.
"""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from config.api.imports.exceptions import ImportInProgress, UnusableCsv
from config.api.imports.folders import scratch_folder
from config.api.imports.importing import all_roots
from config.api.problems import DiskFull, Problem, disk_full_as_problem
from config.core.disk import space_of
from config.worker.queue import wake_once_at
from inflight.imports.inbox import FileChanged, Inbox, InboxFile, InboxUnavailable, Pair, name_beside
from inflight.imports.rejects_csv import rejects_csv
from inflight.models import Delivery, ImportRun, Pickup
from inflight.services import deliveries, imports
from inflight.services.inboxes import (
    BEGUN,
    DONE_FOLDER,
    FAILED_FOLDER,
    IMPORTED,
    absolute,
    has_changed,
    looking_into,
    nothing_taken,
    run_of_same_bytes,
)

logger = logging.getLogger(__name__)

PICK_UP_TASK = "inflight.tasks.pick_up"
STILL_SECONDS = 10.0  # for so long nothing was written to a file that counts as whole
LOOK_SECONDS = 240.0  # one task's share of many pairs; the next task goes on
LOCK_SECONDS = 2.0  # longer than the lock of a look that was killed is held
MOST_ATTEMPTS = 10  # imports of a pair that were begun, each without coming to an end

Status = Pickup.Status


def pick_up() -> None:
    """Look into IMPORT_INBOX, where there is one; have a worker look again soon while something waits there."""
    if not settings.IMPORT_INBOX:
        return
    look = Look(settings.IMPORT_INBOX, then_send=settings.IMPORT_THEN_SEND == Delivery.Only.CHANGED)
    look.run()
    if look.is_to_be_continued:
        wake_once_at(PICK_UP_TASK, timezone.now() + timedelta(seconds=STILL_SECONDS))


class Look:
    """One look into an inbox, which goes on with every pair as far as it can. `ended` are the pairs that it has done with."""

    def __init__(self, place: str, *, then_send: bool) -> None:
        self.place = absolute(place)
        self._then_send = then_send
        self.is_to_be_continued = False
        self.ended: list[Pickup] = []
        self._deadline = time.monotonic() + LOOK_SECONDS

    def run(self) -> None:
        """Look, unless another process is looking into the same inbox."""
        with looking_into(self.place, wait_seconds=LOCK_SECONDS) as taken:
            if not taken:
                return
            self._start_deliveries()
            try:
                with Inbox(self.place) as inbox:
                    self._go_on(inbox)
                    self._take(inbox)
            except InboxUnavailable as error:
                logger.warning("The inbox cannot be used: %s", error)
            self._start_deliveries()

    @property
    def _rows(self) -> QuerySet[Pickup]:
        return Pickup.objects.filter(inbox=self.place)

    def _go_on(self, inbox: Inbox) -> None:
        """Go on with what another look began."""
        for pickup in self._rows.filter(status__in=BEGUN).order_by("id"):
            self._carry(inbox, pickup)

    def _take(self, inbox: Inbox) -> None:
        """Write down what lies in the inbox, and take the pairs that are whole."""
        begun = set(self._rows.filter(status__in=BEGUN).values_list("key", flat=True))
        pairs = {pair.key: pair for pair in inbox.pairs(settings.IMPORT_INBOX_PATTERN) if pair.key not in begun}
        found = {pickup.key: pickup for pickup in self._rows.filter(status=Status.FOUND)}
        self._rows.filter(pk__in=[pickup.pk for key, pickup in found.items() if key not in pairs]).delete()
        for key, pair in pairs.items():
            pickup = found.get(key) or Pickup(inbox=self.place, key=key)
            if self._is_whole(pickup, pair):
                pickup.status = Status.IMPORTING
                pickup.save()
                self._carry(inbox, pickup)
            else:
                self.is_to_be_continued |= pair.is_whole

    def _is_whole(self, pickup: Pickup, pair: Pair) -> bool:
        """Note what is seen of a pair; return whether both files are there, and marked or the same for long enough."""
        now, versions = timezone.now(), {file.name: file.version for file in pair.files}
        if pickup.pk is None or pickup.versions != versions:
            pickup.versions, pickup.still_since = versions, now
            pickup.customers_name, pickup.customers_bytes = _name_and_size(pair.customers)
            pickup.purchases_name, pickup.purchases_bytes = _name_and_size(pair.purchases)
            pickup.save()
        is_still = now - pickup.still_since >= timedelta(seconds=STILL_SECONDS)
        return pair.is_whole and (pair.is_marked or is_still) and time.monotonic() < self._deadline

    def _carry(self, inbox: Inbox, pickup: Pickup) -> None:
        """Take one pair as far as it goes. Its failure does not stop the others, where the inbox can still be listed."""
        try:
            if pickup.status == Status.IMPORTING:
                self._import(inbox, pickup)
            if pickup.status == Status.MOVING:
                self._move(inbox, pickup)
        except InboxUnavailable as error:
            inbox.check()
            logger.warning("Pickup %s: its files cannot be moved: %s", pickup.pk, error)
        except Exception:
            logger.exception("Pickup %s failed; it is tried again", pickup.pk)
            self.is_to_be_continued = True

    def _import(self, inbox: Inbox, pickup: Pickup) -> None:
        """Import the pair, unless a run of it is over, or imported the same bytes before."""
        if pickup.run and pickup.run.status in IMPORTED:
            self._settle(inbox, pickup)
            return
        if pickup.attempts >= MOST_ATTEMPTS:
            self._settle(inbox, pickup, error=_given_up(pickup))
            return
        _save(pickup, attempts=pickup.attempts + 1)
        with scratch_folder(f"pickup-{pickup.pk}") as folder:
            try:
                self._import_copies(inbox, pickup, folder)
            except FileChanged:  # it is looked at anew, from the beginning
                _save(pickup, status=Status.FOUND, versions={}, attempts=0)
                self.is_to_be_continued = True
            except (ImportInProgress, DiskFull) as why:
                logger.warning("Pickup %s waits: %s", pickup.pk, why)
                _save(pickup, attempts=pickup.attempts - 1, run=None)
                self.is_to_be_continued = True
            except InboxUnavailable as error:
                self._bear(inbox, pickup, error)
            except Problem as problem:
                self._settle(inbox, pickup, error=_in_names_of(pickup, folder, problem.detail))
            else:
                self._settle(inbox, pickup)

    def _bear(self, inbox: Inbox, pickup: Pickup, error: InboxUnavailable) -> None:
        """Count an attempt to fetch a pair only where the inbox can be listed, so that the trouble is the pair's."""
        try:
            inbox.check()
        except InboxUnavailable:
            _save(pickup, attempts=pickup.attempts - 1)
            raise
        logger.warning("Pickup %s: its files cannot be fetched: %s", pickup.pk, error)
        if pickup.attempts >= MOST_ATTEMPTS:
            self._settle(inbox, pickup, error=f"The files could not be fetched in {pickup.attempts} attempts: {error}")

    @disk_full_as_problem()
    def _import_copies(self, inbox: Inbox, pickup: Pickup, folder: Path) -> None:
        _check_size(pickup, folder)
        customers, purchases = folder / pickup.customers_name, folder / pickup.purchases_name
        _save(
            pickup,
            customers_sha256=inbox.fetch(customers.name, pickup.versions[customers.name], customers),
            purchases_sha256=inbox.fetch(purchases.name, pickup.versions[purchases.name], purchases),
        )
        if earlier := run_of_same_bytes(pickup):
            _save(pickup, run=earlier, is_repeat=True)
            return
        imports.import_files(
            customers_path=str(customers),
            purchases_path=str(purchases),
            roots=all_roots(),
            requested_by=_requester(pickup),
            on_start=lambda run: _save(pickup, run=run),
        )

    def _settle(self, inbox: Inbox, pickup: Pickup, *, error: str = "") -> None:
        """Write down what came of the pair, and the names that its files get."""
        names = [*pickup.names, _report_name(pickup, "rejects.csv"), _report_name(pickup, "error.txt")]
        newest = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first()
        if pickup.run:
            pickup.run.refresh_from_db()
            error = error or nothing_taken(pickup.run)
        _save(
            pickup,
            status=Status.MOVING,
            error=error,
            is_numbered=inbox.has_any(FAILED_FOLDER if error else DONE_FOLDER, names),
            deliveries_before=newest or 0,
        )

    def _move(self, inbox: Inbox, pickup: Pickup) -> None:
        """Move the files, write beside them what there is to say, and be done with the pair."""
        folder, number = FAILED_FOLDER if pickup.error else DONE_FOLDER, f"{pickup.pk}-" if pickup.is_numbered else ""
        self._report(inbox, pickup, folder, number)
        for name in pickup.names:
            inbox.move(name, pickup.versions[name], folder, number + name)
        status = Status.FAILED if pickup.error else Status.REPEATED if pickup.is_repeat else Status.DONE
        if status == Status.DONE and self._then_send and has_changed(pickup.run):
            _save(pickup, status=Status.SENDING)
            return
        self._end(pickup, status)

    def _report(self, inbox: Inbox, pickup: Pickup, folder: str, number: str) -> None:
        reports: dict[str, Iterator[str]] = {}
        if pickup.error:
            reports["error.txt"] = iter([f"{' and '.join(pickup.names)} were not imported.\n{pickup.error}\n"])
        if not pickup.is_repeat and pickup.run and pickup.run.status == ImportRun.Status.COMPLETED_WITH_REJECTS:
            reports["rejects.csv"] = rejects_csv(pickup.run.rejects.order_by("id").iterator())
        for what, lines in reports.items():
            with scratch_folder(f"pickup-{pickup.pk}") as own:
                with (own / what).open("w", encoding="utf-8", newline="") as file:
                    file.writelines(lines)
                inbox.put(own / what, folder, number + _report_name(pickup, what))

    def _start_deliveries(self) -> None:
        """Start the delivery of what pairs have changed, once none is under way that was begun before that."""
        for pickup in self._rows.filter(status=Status.SENDING).order_by("id"):
            with transaction.atomic():
                later = Delivery.objects.filter(pk__gt=pickup.deliveries_before).exclude(only=Delivery.Only.CHOSEN)
                delivery = later.order_by("pk").first()
                if delivery is None:
                    delivery, is_new = deliveries.start_delivery(
                        only=Delivery.Only.CHANGED, requested_by=_requester(pickup)
                    )
                    if not is_new:  # it was begun before, or is of certain customers only
                        return
                    deliveries.deliver_later()
                pickup.delivery = delivery
                self._end(pickup, Status.DONE)

    def _end(self, pickup: Pickup, status: Pickup.Status) -> None:
        _save(pickup, status=status, finished_at=timezone.now())
        self.ended.append(pickup)


def _save(pickup: Pickup, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(pickup, name, value)
    pickup.save()


def _name_and_size(file: InboxFile | None) -> tuple[str, int]:
    return (file.name, file.size) if file else ("", 0)


def _requester(pickup: Pickup) -> str:
    return f"pickup {pickup.pk}"


def _check_size(pickup: Pickup, folder: Path) -> None:
    size = pickup.customers_bytes + pickup.purchases_bytes
    if size > settings.IMPORT_MAX_UPLOAD:
        raise UnusableCsv(
            _(
                "Both files together have %(size)s bytes, and may have at most %(import_max_upload)s (IMPORT_MAX_UPLOAD)."
            )
            % {"size": f"{size:,}", "import_max_upload": f"{settings.IMPORT_MAX_UPLOAD:,}"}
        )
    if not space_of(folder).has_room_for(size):
        raise DiskFull("the disk of IMPORT_UPLOADS")


def _given_up(pickup: Pickup) -> str:
    said = f" The last one said: {pickup.run.error}" if pickup.run and pickup.run.error else ""
    return f"The import was begun {pickup.attempts} times and never came to an end.{said}"


def _in_names_of(pickup: Pickup, folder: Path, text: str) -> str:
    """Say of the files in the inbox what an import says of its copies."""
    names = {
        "customers_file_path": pickup.customers_name,
        "purchased_file_path": pickup.purchases_name,
        f"{folder}/": "",
    }
    for what, name in names.items():
        text = text.replace(what, name)
    return text


def _report_name(pickup: Pickup, what: str) -> str:
    return name_beside(pickup.customers_name, what)
