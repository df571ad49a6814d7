"""Find and erase what is kept of a person beside their own row: in batches, rejects, and texts of all kinds.

A batch knows whose documents it holds, a reject has the row by column. Texts, such as what a partner answered, are looked
through for the e-mail address, both names, or the id.
"""

import gzip
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from config.core.json import dumps, loads
from inflight.imports.erased import cells_of
from inflight.models import Delivery, DeliveryAttempt, DeliveryBatch, ImportReject, ImportRun, Pickup
from inflight.services.batches import body_of

ERASED = "(erased)"  # in place of a text
LEAST_ID = 5  # characters of an id that is looked for in texts: a shorter one is a number like any other
CHUNK = 500
_PLAIN = re.compile(r"[ !#-\[\]-~]+")  # what no database, quoting or escaping writes otherwise
TEXTS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (DeliveryAttempt, ("answer", "error")),
    (DeliveryBatch, ("last_error",)),
    (ImportRun, ("error",)),
    (Pickup, ("error",)),
)


@dataclass(frozen=True)
class Person:
    """What tells that a text or a row is about somebody; blank where it is not known."""

    customer_id: str
    email: str = ""
    last_name: str = ""
    first_name: str = ""

    @property
    def names(self) -> set[str]:
        """Both names in lower case, or none where one of them is not known: one alone may be anybody's."""
        return {self.last_name.casefold(), self.first_name.casefold()} if self.last_name and self.first_name else set()

    def is_in(self, text: str) -> bool:
        """Return whether a text names the person."""
        folded = text.casefold()
        if self.names and all(_is_said(name, folded) for name in self.names):
            return True
        return self._is_addressed_in(folded) or (self._has_long_id and _is_said(self.customer_id, text))

    def is_in_row(self, raw: str, row: dict[str, str]) -> bool:
        """Return whether a row of a file is about the person; of one that cannot be read, each cell may be the id."""
        cells = {cell.strip() for cell in row.values()} if row else cells_of(raw)
        if self.customer_id in ({row["customer_id"].strip()} if "customer_id" in row else cells):
            return True
        are_named = bool(self.names) and self.names <= {cell.casefold() for cell in cells}
        return are_named or self._is_addressed_in(raw.casefold())

    def is_in_document(self, document: dict[str, Any]) -> bool:
        """Return whether a partner's document is the person's; one without a name and an address tells of nobody."""
        said = (document["email"], document["last_name"], document["first_name"])
        return any(said) and said == (self.email, self.last_name, self.first_name)

    def may_be_in(self, field: str, *, any_id: bool = False) -> Q:
        """Return a condition that holds for all rows whose field names the person, and for some others."""
        found = Q(pk__in=[])
        if any_id or self._has_long_id:
            found |= _has(field, self.customer_id)
        if self.email:
            found |= _has(field, self.email)
        if self.names:
            found |= _has(field, self.last_name) & _has(field, self.first_name)
        return found

    def _is_addressed_in(self, folded: str) -> bool:
        return bool(self.email) and _is_said(self.email.casefold(), folded)

    @property
    def _has_long_id(self) -> bool:
        return len(self.customer_id) >= LEAST_ID


def _is_said(word: str, text: str) -> bool:
    """Return whether a text has a word or an address, not as a part of a longer one."""
    return re.search(rf"(?<![\w.+-]){re.escape(word)}(?![\w-]|\.\w)", text) is not None


def _has(field: str, text: str) -> Q:
    """The longest part that databases compare alike: SQLite knows no other case of é, and files double their quotes."""
    return Q(**{f"{field}__icontains": max(_PLAIN.findall(text), key=len, default="")})


def documents_of(batch: DeliveryBatch) -> list[dict[str, Any]]:
    """Return what a batch sends, or has sent; nothing where its bytes are dropped."""
    documents: list[dict[str, Any]] = [] if batch.payload is None else loads(body_of(batch))
    return documents


def batches_with(person: Person) -> Iterator[tuple[DeliveryBatch, list[int]]]:
    """Yield the batches that hold the person's documents, and at which places."""
    wanted = Q(customer_ids__isnull=True, payload__isnull=False)  # from before batches knew whose they are
    for is_ascii in (True, False):  # as SQLite has it, and as PostgreSQL has
        wanted |= Q(ids__contains=json.dumps(person.customer_id, ensure_ascii=is_ascii))
    batches = DeliveryBatch.objects.annotate(ids=Cast("customer_ids", TextField())).filter(wanted).order_by("pk")
    for batch in batches.iterator(chunk_size=10):
        if places := _places(batch, person):
            yield batch, places


def _places(batch: DeliveryBatch, person: Person) -> list[int]:
    if batch.customer_ids is not None:
        return [place for place, each in enumerate(batch.customer_ids) if each == person.customer_id]
    return [place for place, each in enumerate(documents_of(batch)) if person.is_in_document(each)]


def erase_from_batches(person: Person) -> dict[str, int]:
    """Take the person out of all batches; return how many were sent, were not, and may have been."""
    counts = {"batches_sent": 0, "batches_not_sent": 0, "batches_perhaps_sent": 0}
    for pk in [batch.pk for batch, _ in batches_with(person)]:
        batch = DeliveryBatch.objects.select_for_update().get(pk=pk)
        counts[_erase_from_batch(batch, _places(batch, person))] += 1
        _erase_texts_about(batch)
    return counts


def _erase_texts_about(batch: DeliveryBatch) -> None:
    """Erase what was said of a batch, and of those it was split from: it may quote the person in a way no search finds."""
    keys = [batch.pk]
    while batch.split_from:
        batch = batch.split_from
        keys.append(batch.pk)
    for field in ("answer", "error"):
        DeliveryAttempt.objects.filter(batch__in=keys).exclude(**{field: ""}).update(**{field: ERASED})
    DeliveryBatch.objects.filter(pk__in=keys[1:]).exclude(last_error="").update(last_error=ERASED)


def _erase_from_batch(batch: DeliveryBatch, places: list[int]) -> str:
    """Take some customers out of a batch, and return what had become of it.

    What the partner has not acknowledged goes out with the others, under a new key: the old one is that of the old bytes.
    """
    is_sent = batch.status == DeliveryBatch.Status.ACKNOWLEDGED
    left = [each for place, each in enumerate(documents_of(batch)) if place not in places]
    if batch.customer_ids is not None:
        batch.customer_ids = [each for place, each in enumerate(batch.customer_ids) if place not in places]
    if not is_sent:
        batch.customers, batch.idempotency_key = len(left), uuid4()
    batch.last_error = ERASED if batch.last_error else ""
    if left:
        packed = dumps(left)
        batch.payload = gzip.compress(packed, mtime=0) if batch.content_encoding else packed
    else:
        batch.payload = batch.customer_ids = None
    if not is_sent and not left:
        batch.status, batch.acknowledged_at = DeliveryBatch.Status.ACKNOWLEDGED, timezone.now()
        batch.last_error = "There was nobody else in it when its customer was erased; it was not sent."
    batch.save()
    if is_sent:
        return "batches_sent"
    return "batches_perhaps_sent" if batch.attempts else "batches_not_sent"


def erase_from_progress(customer_id: str, previous_id: str) -> None:
    """Have deliveries say that they were prepared through the customer before, and were never asked to send this one."""
    Delivery.objects.filter(prepared_through=customer_id).update(prepared_through=previous_id)
    for delivery in deliveries_of(customer_id):
        left = [each for each in delivery.customer_ids or [] if each != customer_id]
        Delivery.objects.filter(pk=delivery.pk).update(customer_ids=left)


def deliveries_of(customer_id: str) -> Iterator[Delivery]:
    """Yield the deliveries that were asked for by the ids of certain customers, of which this is one."""
    for delivery in Delivery.objects.filter(customer_ids__isnull=False).order_by("pk").iterator(chunk_size=CHUNK):
        if customer_id in (delivery.customer_ids or []):
            yield delivery


def rejects_of(person: Person) -> Iterator[ImportReject]:
    """Yield the rejected rows about the person."""
    rejects = ImportReject.objects.filter(person.may_be_in("raw", any_id=True)).order_by("pk")
    for reject in rejects.iterator(chunk_size=CHUNK):
        if person.is_in_row(reject.raw, reject.row):
            yield reject


def erase_rejects(keys: list[int]) -> None:
    """Leave of rejected rows where they stood and what was wrong, without what stood there: reasons quote it."""
    for first in range(0, len(keys), CHUNK):
        rejects = list(ImportReject.objects.filter(pk__in=keys[first : first + CHUNK]))
        for reject in rejects:
            reject.raw, reject.row = "", {}
            reject.reasons = [reason | {"message": ERASED} for reason in reject.reasons]
        ImportReject.objects.bulk_update(rejects, ["raw", "row", "reasons"])


def texts_with(person: Person) -> Iterator[tuple[Model, str]]:
    """Yield the rows that have a text which names the person, each with the field."""
    for model, fields in TEXTS:
        manager = _rows_of(model)
        for field in fields:
            for row in manager.filter(person.may_be_in(field)).only("pk", field).order_by("pk").iterator(CHUNK):
                if person.is_in(getattr(row, field)):
                    yield row, field


def erase_texts(found: Collection[tuple[Model, str]]) -> None:
    """Replace texts."""
    for row, field in found:
        _rows_of(type(row)).filter(pk=row.pk).update(**{field: ERASED})


def _rows_of(model: type[Model]) -> Any:
    return model._default_manager  # noqa: SLF001 - Django's public name for it
