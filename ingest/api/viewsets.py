"""The API of ingest."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.exceptions import UnsupportedMediaType

from config.access.callers import Caller
from config.access.scopes import Scope
from config.api.authentication import BearerAuthentication, require_scope
from config.api.compression import decode_body
from config.api.idempotency import HEADER, run_once
from config.api.openapi import PREFER, one_or_many
from config.api.parsers import digested_body, parse_json, read_body
from config.api.prefer import prefers_async
from config.api.problems import CONTENT_TYPE, problem_from_exception
from config.api.strict import refuse_unknown
from config.api.viewsets import ListMixin, RetrieveMixin
from config.core.json import dumps
from ingest import selectors, services
from ingest.api import line_requests
from ingest.api.entry_input import entries_of
from ingest.api.filters import DataFilter
from ingest.api.serializers import (
    PENDING,
    PUBLISHED,
    DataAcceptedOutput,
    DataInput,
    DataOutput,
    DataStatusOutput,
    LinesAcceptedOutput,
)
from ingest.models import DataEntry

MAX_BODY_BYTES = 16 * 1024 * 1024
MEDIA_TYPES = ("application/json", line_requests.MEDIA_TYPE)


WHERE_GIVEN = ("key", "headers")  # what an entry shows only if it has it


@extend_schema_view(
    list=extend_schema(operation_id="list_data", description="List the records by id."),
    retrieve=extend_schema(operation_id="get_data", description="Show one record, and whether Kafka has it."),
)
class DataEntryViewSet(ListMixin, RetrieveMixin):
    """Records that are kept and published to Kafka."""

    queryset = DataEntry.objects.all()
    filterset_class = DataFilter
    ordering = "id"
    streams_all_json = True
    lookup_value_converter = "int"
    max_body_bytes = MAX_BODY_BYTES
    read_scope, write_scope = Scope.DATA_READ, Scope.DATA_WRITE

    def get_serializer_class(self) -> Any:
        return DataOutput if self.action == "list" else DataStatusOutput

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # A POST skips DRF's request, content negotiation, permissions and rendering: a third of its CPU (docs/decisions/0031).
        if self.action_map.get(str(request.method).lower()) != "create":
            return super().dispatch(request, *args, **kwargs)
        try:
            return self.create(request)
        except Exception as error:
            problem = problem_from_exception(error, {"request": request})
            if problem is None:
                raise
            headers = {**problem.headers, "Content-Type": CONTENT_TYPE}
            return HttpResponse(dumps(problem.data), status=problem.status_code, headers=headers)

    def get_object(self) -> Any:
        entry = super().get_object()
        return {name: value for name, value in entry.items() if value is not None or name not in WHERE_GIVEN}

    def get_queryset(self) -> Any:
        return DataEntry.objects.values(*self.get_serializer_class().Meta.fields)

    def stream_json(self, queryset: QuerySet[Any]) -> Iterator[bytes]:
        return selectors.stream_entries(queryset)

    @extend_schema(
        operation_id="post_data",
        request={
            "application/json": one_or_many(
                "DataOrBulk", DataInput, allow_empty=False, max_length=settings.INGEST_BULK_LIMIT
            ),
            line_requests.MEDIA_TYPE: OpenApiTypes.STR,
        },
        responses={201: one_or_many("DataOrBulkAccepted", DataAcceptedOutput, LinesAcceptedOutput)},
        parameters=[PREFER],
        examples=[
            OpenApiExample("Example", value={"content": "Hello, Kafka!"}, request_only=True),
            OpenApiExample("Example", value={"id": 1, "message": PUBLISHED}, response_only=True),
        ],
    )
    def create(self, request: HttpRequest) -> HttpResponseBase:
        """Keep a record, an array of them (all or none), or JSON lines (each that is valid), and publish to Kafka."""
        caller = _check_request(request)
        if request.content_type == line_requests.MEDIA_TYPE:
            return _create_from_lines(request, caller)
        decode_body(request)
        body = read_body(request, MAX_BODY_BYTES)
        document = parse_json(body)
        answer = partial(_accepted, is_bulk=isinstance(document, list))
        return run_once(
            request,
            sub=caller.sub if caller else "",
            body=body,
            handle=lambda: answer(services.accept_entries(entries_of(document), wait=not prefers_async(request))),
            resume=lambda ids: answer(services.find_accepted(ids)),
        )

    create.is_idempotent = True  # type: ignore[attr-defined]


def _check_request(request: HttpRequest) -> Caller | None:
    """Return the caller. Refuse what the skipped classes of DRF would refuse: a token, query parameters, the content type."""
    authenticated = BearerAuthentication().authenticate(request)
    caller = authenticated[0] if authenticated else None
    require_scope(caller, Scope.DATA_WRITE, always=False)
    if request.META.get("QUERY_STRING"):
        refuse_unknown(request.GET, [])
    if request.content_type not in MEDIA_TYPES:
        raise UnsupportedMediaType(request.content_type or "(none)")
    return caller


def _create_from_lines(request: HttpRequest, caller: Caller | None) -> HttpResponseBase:
    with digested_body(request) if HEADER in request.headers else nullcontext(b"") as digest:
        decode_body(request)
        accept = partial(line_requests.accept_lines, request)
        sub = caller.sub if caller else ""
        return run_once(request, sub=sub, body=digest, handle=partial(accept, {}), resume=accept)


def _accepted(accepted: services.Accepted, *, is_bulk: bool) -> HttpResponse:
    answers = [
        {"id": entry_id, "message": PUBLISHED if entry_id in accepted.published else PENDING}
        for entry_id in accepted.ids
    ]
    body = dumps(answers if is_bulk else answers[0])
    headers = {} if is_bulk else {"Location": f"/api/data/{accepted.ids[0]}"}
    return HttpResponse(body, status=HTTPStatus.CREATED, content_type="application/json", headers=headers)
