"""The HTTP face of the registry: parse, call one service or selector, serialize."""

import hashlib

from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.common.authentication import require_token, subject_of
from config.common.json import dumps, json_array
from config.common.pagination import paginated
from metadata_registry import selectors, services
from metadata_registry.parsing import PayloadParser
from metadata_registry.payloads import SCHEMA
from metadata_registry.serializers import (
    DeletedOutput,
    ListedMetadataOutput,
    MetadataInput,
    MetadataOutput,
    MetadataQuery,
)

JSON = "application/json"
PAGE = [
    OpenApiParameter("limit", int, description="1 to 1000: a page of so many; without it all records, streamed"),
    OpenApiParameter("cursor", str, description="from the Link header of the page before"),
]


class MetadataListView(APIView):
    """`GET /metadata`, `POST /metadata`."""

    parser_classes = (PayloadParser,)

    @extend_schema(
        operation_id="list_metadata",
        responses=ListedMetadataOutput(many=True),
        parameters=[MetadataQuery, *PAGE],
        tags=["metadata"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List the records in the order of registration; 404 when there is none."""
        query = MetadataQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        deleted = query.validated_data["deleted"] == "true"
        if deleted:
            require_token(request)
        rows = selectors.metadata_rows(name=query.validated_data.get("name"), deleted=deleted)
        if {"limit", "cursor"} & request.query_params.keys():
            return paginated(self, request, rows, selectors.not_empty, ordering="id")
        return StreamingHttpResponse(json_array(selectors.stream_rows(rows)), content_type=JSON)

    @extend_schema(
        operation_id="create_metadata", request=MetadataInput, responses={200: MetadataOutput}, tags=["metadata"]
    )
    def post(self, request: Request) -> Response:
        """Register a record."""
        wish = MetadataInput(data=request.data)
        wish.is_valid(raise_exception=True)
        metadata = services.create_metadata(**wish.validated_data, by=subject_of(request))
        return Response(selectors.row_of(metadata))


class MetadataDetailView(APIView):
    """`GET /metadata/{id}`, `DELETE /metadata/{id}`."""

    @extend_schema(
        operation_id="get_metadata",
        responses={200: MetadataOutput, 304: OpenApiResponse(description="It is what If-None-Match says.")},
        parameters=[OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="an ETag seen before")],
        tags=["metadata"],
    )
    def get(self, request: Request, metadata_id: str) -> HttpResponse:
        """Show one record."""
        body = dumps(selectors.metadata_row(metadata_id))
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if _has_seen(request, etag):
            return HttpResponseNotModified(headers={"ETag": etag})
        return HttpResponse(body, content_type=JSON, headers={"ETag": etag})

    @extend_schema(operation_id="delete_metadata", responses={200: DeletedOutput}, tags=["metadata"])
    def delete(self, request: Request, metadata_id: str) -> Response:
        """Delete one record; it can be restored for METADATA_RETENTION_DAYS."""
        services.delete_metadata(metadata_id, by=subject_of(request))
        return Response({"deleted": 1})


def _has_seen(request: Request, etag: str) -> bool:
    seen = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in seen or etag in (tag.removeprefix("W/") for tag in seen)


class MetadataRestoreView(APIView):
    """`POST /metadata/{id}/restore`."""

    @extend_schema(operation_id="restore_metadata", request=None, responses={200: MetadataOutput}, tags=["metadata"])
    def post(self, request: Request, metadata_id: str) -> Response:
        """Bring a deleted record back with its data."""
        return Response(selectors.row_of(services.restore_metadata(metadata_id, by=subject_of(request))))


class PayloadSchemaView(APIView):
    """`GET /metadata/schema`."""

    @extend_schema(
        operation_id="metadata_schema",
        responses={(200, "application/schema+json"): OpenApiTypes.OBJECT},
        tags=["metadata"],
    )
    def get(self, request: Request) -> HttpResponse:
        """The JSON Schema that payloads are checked against."""
        return HttpResponse(dumps(SCHEMA), content_type="application/schema+json")
