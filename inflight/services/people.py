"""Export and erase what is kept of a person, and what is kept for longer than it may be (docs/decisions/0067).

An erasure has its turn when neither an import nor an attempt to send is under way, and is one transaction: a process that is
killed in the middle has erased nothing of the database.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from config.access import audit
from config.api.idempotency import answers_with, forget_answers
from config.api.imports.folders import drop_uploads
from config.core.locks import exclusive
from config.worker.queue import failures_with, forget_errors, wake, wake_at
from inflight.exceptions import ErasureMustWait, UnknownCustomer
from inflight.imports.erased import digest_of
from inflight.imports.inbox import InboxUnavailable
from inflight.models import (
    Customer,
    Delivery,
    DeliveryAttempt,
    DeliveryBatch,
    Erasure,
    ImportReject,
    ImportRun,
    Pickup,
    Purchase,
)
from inflight.selectors import active_delivery
from inflight.services import deliveries, imports, traces
from inflight.services.inboxes import NotImported, drop_picked_up, forget_contents, inboxes_in_use, looking_into
from inflight.services.traces import ERASED, Person
from inflight.services.turns import erasing

logger = logging.getLogger(__name__)

EXPIRE_TASK = "inflight.tasks.erase_expired_customers"
RETENTION = "CUSTOMER_RETENTION_DAYS"  # who asked for an erasure that nobody asked for
WAIT_SECONDS = 10.0  # for an attempt or an import to end
EXPIRE_SECONDS = 240.0  # one task's share; the next task goes on
PUT_OFF = timedelta(minutes=10)
CHUNK = 1000

CUSTOMER = Customer._meta.label_lower

PURCHASE = ("purchase_identifier", "product_id", "quantity", "price", "currency", "purchased_on")
BATCH = ("number", "idempotency_key", "status", "acknowledged_at")
ATTEMPT = ("request_id", "started_at", "seconds", "http_status")
REJECT = ("file", "line", "reasons", "raw", "row")


def export_customer(customer_id: str) -> dict[str, Any]:
    """Return all that is kept of a person, fit for JSON; raise UnknownCustomer.

    What quotes the person among other things, such as an error, is named by its place in `mentions`: it may quote others too.
    """
    person = _person(customer_id)
    export = {
        "customer": Customer.objects.filter(pk=customer_id).values().first(),
        "purchases": list(
            Purchase.objects.filter(customer=customer_id).order_by("purchased_on", "pk").values(*PURCHASE)
        ),
        "deliveries": [_batch_document(batch, places) for batch, places in traces.batches_with(person)],
        "rejects": [_reject_document(reject) for reject in traces.rejects_of(person)],
        "admin_log": list(_entries_about(customer_id).values(action_time=F("at"), change_message=F("act"))),
        "mentions": list(_mentions(person)),
    }
    with transaction.atomic():
        list(Customer.objects.select_for_update().filter(pk=customer_id))  # an erasure waits, and then finds the record
        _person(customer_id)  # one may have been faster
        audit.record("export_customer", audit.Target(CUSTOMER, customer_id))
    return export


def _batch_document(batch: DeliveryBatch, places: list[int]) -> dict[str, Any]:
    documents = traces.documents_of(batch)
    attempts = DeliveryAttempt.objects.filter(batch=batch).order_by("pk")
    return {
        "delivery": batch.delivery_id,
        **{field: getattr(batch, field) for field in BATCH},
        "documents": [documents[place] for place in places] if documents else [],
        "attempts": list(attempts.values(*ATTEMPT)),
    }


def _reject_document(reject: ImportReject) -> dict[str, Any]:
    return {"import_id": reject.run_id, **{field: getattr(reject, field) for field in REJECT}}


def _mentions(person: Person) -> Iterator[dict[str, Any]]:
    for row, field in traces.texts_with(person):
        yield {"table": row._meta.db_table, "id": row.pk, "field": field}
    for pk in Delivery.objects.filter(prepared_through=person.customer_id).values_list("pk", flat=True):
        yield {"table": Delivery._meta.db_table, "id": pk, "field": "prepared_through"}
    for delivery in traces.deliveries_of(person.customer_id):
        yield {"table": Delivery._meta.db_table, "id": delivery.pk, "field": "customer_ids"}
    for pk in answers_with(person.is_in):
        yield {"table": "config_idempotencykey", "id": pk, "field": "body"}
    for key in failures_with(person.is_in):
        yield {"table": "django_q_task", "id": key, "field": "result"}


def erase_customer(customer_id: str, *, requested_by: str) -> Erasure:
    """Erase a person and return the record of it; raise UnknownCustomer or ErasureMustWait.

    Imports refuse the id from then on. All uploads go, and all files of done/ in the inbox, since any may hold the person.
    """
    with _turn():
        if ImportRun.objects.filter(status=ImportRun.Status.QUEUED).exists():
            raise ErasureMustWait(_("An import is queued, and its files may hold data of this person."))
        person = _person(customer_id)
        files = _drop_files()  # before the transaction: who is killed between erases the rest when asked again
        return _erase(person, digest_of(customer_id), requested_by, files)


def _drop_files() -> dict[str, int]:
    try:
        return {"inbox_files": drop_picked_up(), "uploads": drop_uploads()}
    except NotImported as error:
        raise ErasureMustWait(
            _(
                "Files in failed/ of the inbox were not imported, and may hold data of this person:"
                " %(error)s. Correct them and put them into the inbox again, or delete them."
            )
            % {"error": error}
        ) from error
    except InboxUnavailable as error:
        logger.warning("The inbox cannot be used: %s", error)
        raise ErasureMustWait(_("The inbox cannot be read, and its files may hold data of this person.")) from error


def readmit_customer(customer_id: str) -> int:
    """Have imports take an erased id again, also from files that were picked up before; return of how many erasures it was."""
    with transaction.atomic():
        erasures = list(Erasure.objects.select_for_update().filter(digest=digest_of(customer_id)))
        Erasure.objects.filter(pk__in=[erasure.pk for erasure in erasures]).update(digest="")
        audit.record_each("readmit_customer", erasures)
        if erasures:
            forget_contents()
    return len(erasures)


def erase_expired_customers(seconds: float = EXPIRE_SECONDS) -> None:
    """Erase who was neither changed nor bought anything for CUSTOMER_RETENTION_DAYS, for about `seconds`; a worker goes on.

    An import may bring them again. Deliveries go first.
    """
    deadline = time.monotonic() + seconds
    expired = list(_expired().values_list("pk", flat=True)[:CHUNK]) if settings.CUSTOMER_RETENTION_DAYS else []
    for customer_id in expired:
        if time.monotonic() >= deadline:
            break
        if active_delivery():
            wake_at(EXPIRE_TASK, timezone.now() + PUT_OFF)
            return
        try:
            with _turn():
                if _expired().filter(pk=customer_id).exists():  # still: an import may have gone before
                    _erase(_person(customer_id), "", RETENTION, {})
        except ErasureMustWait:
            wake_at(EXPIRE_TASK, timezone.now() + PUT_OFF)
            return
    if expired:
        wake(EXPIRE_TASK)


def drop_old_rejects() -> None:
    """Drop rejected rows, and errors of imports and pickups, which may quote a file, REJECT_RETENTION_DAYS after them."""
    before = timezone.now() - timedelta(days=settings.REJECT_RETENTION_DAYS)
    old = ImportReject.objects.filter(run__created_at__lt=before).order_by("pk").values_list("pk", flat=True)
    while some := list(old[:CHUNK]):
        ImportReject.objects.filter(pk__in=some).delete()
    failed = ImportRun.objects.filter(created_at__lt=before, status=ImportRun.Status.FAILED)
    failed.exclude(error="").update(error="")
    Pickup.objects.filter(created_at__lt=before, status=Pickup.Status.FAILED).exclude(error="").update(error="")


def _expired() -> QuerySet[Customer]:
    before = timezone.now() - timedelta(days=settings.CUSTOMER_RETENTION_DAYS)
    recent = Purchase.objects.filter(customer=OuterRef("pk"), purchased_on__gte=before.date())
    return Customer.objects.filter(~Exists(recent), changed_at__lt=before).order_by("pk")


def _person(customer_id: str) -> Person:
    """Return whom an id is of: a customer, or somebody whose rows were all rejected."""
    if customer := Customer.objects.filter(pk=customer_id).first():
        return Person(customer.pk, customer.email, customer.last_name, customer.first_name)
    person = Person(customer_id)
    if next(traces.rejects_of(person), None) is None:
        raise UnknownCustomer
    return person


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until no look into an inbox, import or attempt is under way, and keep it so; raise ErasureMustWait."""
    looks = [looking_into(place, wait_seconds=WAIT_SECONDS) for place in inboxes_in_use()]
    steps = (
        (erasing(wait_seconds=WAIT_SECONDS), "Another erasure is under way."),
        *((look, "Files of an inbox are being imported or moved, and may hold this person.") for look in looks),
        (exclusive(imports.LOCK, wait_seconds=WAIT_SECONDS), "An import is under way, and may hold this person."),
        (exclusive(deliveries.LOCK, wait_seconds=WAIT_SECONDS), "Customers are being sent to the partner."),
    )
    with ExitStack() as stack:
        for step, what in steps:
            if not stack.enter_context(step):
                raise ErasureMustWait(what)
        imports.mark_interrupted_imports()
        yield


def _erase(person: Person, digest: str, requested_by: str, erased: dict[str, int]) -> Erasure:
    """Find what there is, then erase it in one transaction, during which nobody else can write on SQLite."""
    rejects = [reject.pk for reject in traces.rejects_of(person)]
    texts = list(traces.texts_with(person))
    answers, failures = answers_with(person.is_in), failures_with(person.is_in)
    with transaction.atomic():
        traces.erase_rejects(rejects)
        traces.erase_texts(texts)
        forget_answers(answers)
        forget_errors(failures, ERASED)
        erased |= traces.erase_from_batches(person)
        erased |= {"rejects": len(rejects), "texts": len(texts) + len(answers) + len(failures)}
        erased |= _erase_row(person.customer_id)
        erased["log_entries"] = _entries_about(person.customer_id).update(object_key="")
        erasure = Erasure.objects.create(digest=digest, requested_by=requested_by, erased=erased)
        audit.record("erase_customer", erasure)
        return erasure


def _erase_row(customer_id: str) -> dict[str, int]:
    unlinked = Purchase.objects.filter(customer=customer_id).update(customer=None)
    earlier = Customer.objects.filter(pk__lt=customer_id).order_by("-pk").values_list("pk", flat=True).first()
    traces.erase_from_progress(customer_id, earlier or "")
    return {"purchases_unlinked": unlinked, "customers": Customer.objects.filter(pk=customer_id).delete()[0]}


def _entries_about(customer_id: str) -> QuerySet[Any]:
    return audit.entries_about(CUSTOMER, customer_id)
