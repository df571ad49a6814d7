"""The HTTP face of ingest."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.common.bodies import read_json
from config.common.json import dumps
from config.common.lean import LeanPostView
from config.common.pagination import paginated
from config.common.preferences import prefers_async
from ingest import selectors, services
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
PREFER = OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="respond-async: do not wait for Kafka")
FILTERS = [
    OpenApiParameter("published", bool, description="only what Kafka has (true) or has not (false) acknowledged"),
    OpenApiParameter("limit", int, description="1 to 1000; without limit and cursor, all records are streamed"),
    OpenApiParameter("cursor", str, description="from the Link header of the page before"),
]


def _one_or_many(name: str, serializer: Any) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name=name, serializers=[serializer, serializer(many=True)], resource_type_field_name=None, many=False
    )


class DataView(LeanPostView):
    """`POST /data` and `GET /data`."""

    @extend_schema(
        operation_id="post_data",
        request=_one_or_many("DataOrBulk", DataInput),
        responses={201: _one_or_many("DataOrBulkAccepted", DataAcceptedOutput)},
        parameters=[PREFER],
        tags=["ingest"],
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep a record, or an array of them (all or none), and publish to Kafka."""
        document = read_json(request, MAX_BODY_BYTES)
        accepted = services.accept_contents(contents_of(document), wait=not prefers_async(request))
        answers = [
            {"id": entry_id, "message": PUBLISHED if entry_id in accepted.published else PENDING}
            for entry_id in accepted.ids
        ]
        if isinstance(document, list):
            return HttpResponse(dumps(answers), status=HTTPStatus.CREATED, content_type="application/json")
        location = {"Location": f"/api/data/{accepted.ids[0]}"}
        return HttpResponse(
            dumps(answers[0]), status=HTTPStatus.CREATED, content_type="application/json", headers=location
        )

    @extend_schema(operation_id="list_data", responses=DataOutput(many=True), parameters=FILTERS, tags=["ingest"])
    def get(self, request: Request) -> HttpResponseBase:
        """List the records by id."""
        published = _wanted(request)
        if not {"limit", "cursor"} & request.query_params.keys():
            return StreamingHttpResponse(selectors.stream_entries(published=published), content_type="application/json")
        rows = selectors.entries(published=published)
        return paginated(self, request, rows, lambda page: DataOutput(page, many=True).data, ordering="id")


def _wanted(request: Request) -> bool | None:
    text = request.query_params.get("published")
    if text not in (None, "true", "false"):
        raise ValidationError({"published": "published must be true or false."})
    return None if text is None else text == "true"


class DataDetailView(APIView):
    """`GET /data/{id}`."""

    @extend_schema(operation_id="get_data", responses=DataStatusOutput, tags=["ingest"])
    def get(self, request: Request, entry_id: int) -> Response:
        """Show one record, and whether Kafka has it."""
        return Response(DataStatusOutput(get_object_or_404(DataEntry, pk=entry_id)).data)
