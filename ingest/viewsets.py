"""The API of ingest."""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view

from config.common.bodies import parse_json, read_body
from config.common.idempotency import once
from config.common.json import dumps
from config.common.lean import LeanPost
from config.common.openapi import PREFER, one_or_many
from config.common.preferences import prefers_async
from config.common.viewsets import ListMixin, RetrieveMixin
from ingest import selectors, services
from ingest.filters import DataFilter
from ingest.models import DataEntry
from ingest.serializers import (
    PENDING,
    PUBLISHED,
    DataAcceptedOutput,
    DataInput,
    DataOutput,
    DataStatusOutput,
    contents_of,
)

MAX_BODY_BYTES = 16 * 1024 * 1024


@extend_schema_view(
    list=extend_schema(operation_id="list_data", description="List the records by id."),
    retrieve=extend_schema(operation_id="get_data", description="Show one record, and whether Kafka has it."),
)
class DataEntryViewSet(LeanPost, ListMixin, RetrieveMixin):
    """Records that are kept and published to Kafka."""

    queryset = DataEntry.objects.all()
    filterset_class = DataFilter
    ordering = "id"
    is_whole_by_default = True
    lookup_value_converter = "int"
    max_body_bytes = MAX_BODY_BYTES

    def get_serializer_class(self) -> Any:
        return DataOutput if self.action == "list" else DataStatusOutput

    def get_queryset(self) -> Any:
        return DataEntry.objects.values(*self.get_serializer_class().Meta.fields)

    def whole_json(self, queryset: QuerySet[Any]) -> Iterator[bytes]:
        return selectors.stream_entries(queryset)

    @extend_schema(
        operation_id="post_data",
        request=one_or_many("DataOrBulk", DataInput, allow_empty=False, max_length=settings.INGEST_BULK_LIMIT),
        responses={201: one_or_many("DataOrBulkAccepted", DataAcceptedOutput)},
        parameters=[PREFER],
        examples=[
            OpenApiExample("Example", value={"content": "Hello, Kafka!"}, request_only=True),
            OpenApiExample("Example", value={"id": 1, "message": PUBLISHED}, response_only=True),
        ],
    )
    def create(self, request: HttpRequest) -> Any:
        """Keep a record, or an array of them (all or none), and publish to Kafka."""
        body = read_body(request, MAX_BODY_BYTES)
        document = parse_json(body)
        answer = partial(_accepted, is_bulk=isinstance(document, list))
        return once(
            request,
            sub=self.caller.sub if self.caller else "",
            body=body,
            act=lambda: answer(services.accept_contents(contents_of(document), wait=not prefers_async(request))),
            again=lambda ids: answer(services.accepted_before(ids)),
        )

    create.is_idempotent = True  # type: ignore[attr-defined]


def _accepted(accepted: services.Accepted, *, is_bulk: bool) -> HttpResponse:
    answers = [
        {"id": entry_id, "message": PUBLISHED if entry_id in accepted.published else PENDING}
        for entry_id in accepted.ids
    ]
    body = dumps(answers if is_bulk else answers[0])
    headers = {} if is_bulk else {"Location": f"/api/data/{accepted.ids[0]}"}
    return HttpResponse(body, status=HTTPStatus.CREATED, content_type="application/json", headers=headers)
