"""`Idempotency-Key`: a POST that is repeated gets the first answer and does nothing twice.

While a request with a key is under way it holds a lock that dies with it. The service that makes the row ties the key to it,
in the same transaction: there are both, or neither. The answer is kept when it is ready; if the process died before, the
row that is tied tells the answer to who asks again.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.apps import apps
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.problems import DiskFull, Problem
from config.core.json import dumps
from config.core.locks import exclusive

HEADER = "Idempotency-Key"
VARIABLE = "HTTP_IDEMPOTENCY_KEY"  # what WSGI calls it
KEPT_FOR = timedelta(hours=24)
KEPT_HEADERS = ("Location", "ETag")
_KEY = re.compile(r"[!-~]{1,255}")  # visible ASCII

Handler = Callable[[], HttpResponseBase]


class BadKey(Problem):
    """The Idempotency-Key is not valid."""

    code = "invalid_key"


class KeyInUse(Problem):
    """The first request with this key is still running."""

    status = HTTPStatus.CONFLICT
    code = "under_way"


class KeyReused(Problem):
    """The key was used for another request."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "key_reused"


class _Claim:
    """A request with a key, and its record once it has created something."""

    def __init__(self, sub: str, key: str, fingerprint: str) -> None:
        self._model: Any = apps.get_model("config", "IdempotencyKey")
        self._identity = {"sub": sub, "key": key, "fingerprint": fingerprint}
        self.record = self._model.objects.filter(sub=sub, key=key).first()
        if self.record and self.record.created_at < timezone.now() - KEPT_FOR:
            self.record.delete()
            self.record = None
        if self.record and self.record.fingerprint != fingerprint:
            raise KeyReused(_("This Idempotency-Key was used for another request. Use a new key for a new request."))

    def write(self, **fields: Any) -> None:
        self.record, _ = self._model.objects.update_or_create(**self._identity, defaults=fields)

    def release(self) -> None:
        if self.record:
            self.record.delete()
            self.record = None


_claim: ContextVar[_Claim | None] = ContextVar("idempotency_claim", default=None)


def has_idempotency_key() -> bool:
    """Return whether the request under way has a key."""
    return _claim.get() is not None


def link_resource(resource: Any) -> None:
    """Tie the key of the request under way, if it has one, to the row (or rows) that it makes, in their transaction.

    `resource`: the key of the row, or a list of them, fit for JSON.
    """
    if claim := _claim.get():
        if not transaction.get_connection().in_atomic_block:
            raise RuntimeError("A key must be tied in the transaction that makes the row.")
        claim.write(resource=resource)


def unlink_resource() -> None:
    """Free the key of the request under way: what it made is undone, for want of room, and may be made again."""
    if claim := _claim.get():
        claim.release()


def run_once(
    request: Request | HttpRequest, *, sub: str, body: bytes, handle: Handler, resume: Callable[[Any], HttpResponseBase]
) -> HttpResponseBase:
    """Return the answer to a request: what `handle` answers, or what it has answered before.

    `resume` answers for the resource that was tied by an earlier request which died before it answered. DiskFull
    has come to nothing, and leaves its key free. Raises BadKey, KeyInUse or KeyReused.
    """
    key = request.META.get(VARIABLE)
    if key is None:
        return handle()
    with _claimed(sub, key, _fingerprint(request, body)) as claim:
        if claim.record and claim.record.status:
            return _replay(claim.record)
        try:
            answer = resume(claim.record.resource) if claim.record else handle()
        except Problem as problem:
            if problem.code == DiskFull.code:
                claim.release()  # who asks again when there is room is not told of this once more
            raise
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            claim.write(status=answer.status_code, headers=_headers_of(answer), body=_body_of(answer))
        return answer


def drop_old_keys() -> int:
    """Forget the keys that are older than KEPT_FOR; return how many."""
    old = apps.get_model("config", "IdempotencyKey").objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return int(old.delete()[0])


def answers_with(is_meant: Callable[[str], bool]) -> list[int]:
    """Return the keys of the rows whose kept answer has a text that is meant."""
    model: Any = apps.get_model("config", "IdempotencyKey")
    kept = model.objects.filter(body__isnull=False).values_list("pk", "body")
    return [pk for pk, body in kept.iterator(chunk_size=100) if is_meant(bytes(body).decode(errors="replace"))]


def forget_answers(keys: Sequence[int]) -> None:
    """Drop kept answers: who repeats such a request is told how the row that it made is now, or nothing if it made none."""
    rows = apps.get_model("config", "IdempotencyKey").objects.filter(pk__in=keys)
    rows.filter(resource__isnull=True).update(body=b"{}")
    rows.filter(resource__isnull=False).update(status=None, headers=None, body=None)


@contextmanager
def _claimed(sub: str, key: str, fingerprint: str) -> Iterator[_Claim]:
    if not _KEY.fullmatch(key):
        raise BadKey(_("%(header)s must have 1 to 255 visible ASCII characters.") % {"header": HEADER}, field=HEADER)
    name = hashlib.sha256(f"{sub}\0{key}".encode()).hexdigest()[:32]
    with exclusive(f"idempotency-{name}") as taken:
        if not taken:
            raise KeyInUse(
                _("The first request with this Idempotency-Key is still being processed. Try again in a moment."),
                headers={"Retry-After": "1"},
            )
        claim = _Claim(sub, key, fingerprint)
        token = _claim.set(claim)
        try:
            yield claim
        finally:
            _claim.reset(token)


def _fingerprint(request: Request | HttpRequest, body: bytes) -> str:
    path = request.path.removeprefix("/api")  # each has both
    return hashlib.sha256(b"\0".join([str(request.method).encode(), path.encode(), body])).hexdigest()


def _headers_of(answer: HttpResponseBase) -> dict[str, str]:
    return {name: answer[name] for name in KEPT_HEADERS if answer.has_header(name)}


def _body_of(answer: Any) -> bytes:
    return dumps(answer.data) if isinstance(answer, Response) else bytes(answer.content)


def _replay(record: Any) -> HttpResponse:
    headers: Mapping[str, str] = {**record.headers, "Idempotent-Replayed": "true"}
    return HttpResponse(bytes(record.body), status=record.status, content_type="application/json", headers=headers)
