"""The API of the registry."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.access.scopes import Scope
from config.api.authentication import require_scope, subject_of
from config.api.openapi import ETAG, IF_NONE_MATCH, NOT_MODIFIED
from config.api.strict import Input, validated
from config.api.viewsets import ListMixin, RetrieveMixin, idempotent
from config.core.json import dumps
from metadata_registry import selectors, services
from metadata_registry.api.filters import MetadataFilter
from metadata_registry.api.parsers import PayloadParser
from metadata_registry.api.serializers import (
    DeletedOutput,
    EventOutput,
    LatestQuery,
    ListedMetadataOutput,
    MetadataInput,
    MetadataOutput,
    MetadataQuery,
    NameOutput,
    ValidOutput,
)
from metadata_registry.models import Metadata
from metadata_registry.payloads import SCHEMA


@extend_schema_view(
    list=extend_schema(
        operation_id="list_metadata",
        responses=ListedMetadataOutput(many=True),
        description="List the records in the order of registration; 404 when there is none.",
    ),
    retrieve=extend_schema(operation_id="get_metadata", description="Show one record."),
)
class MetadataViewSet(ListMixin, RetrieveMixin):
    """What tells the data platform what to run."""

    queryset = Metadata.objects.all()
    serializer_class = MetadataOutput
    filterset_class = MetadataFilter
    query_classes = {"list": MetadataQuery, "latest": LatestQuery}
    ordering = "id"
    streams_all_json = True
    parser_classes = (PayloadParser,)
    read_scope, write_scope = Scope.METADATA_READ, Scope.METADATA_WRITE
    scopes = {"check": Scope.METADATA_READ}

    def get_queryset(self) -> QuerySet[Any]:
        if self.wants_deleted:
            require_scope(self.request.user, Scope.METADATA_READ)
        return selectors.metadata_rows(deleted=self.wants_deleted)

    def get_object(self) -> Any:
        return self.check_if_match(selectors.metadata_row(self.kwargs["pk"]))

    def get_serializer_class(self) -> Any:
        return ListedMetadataOutput if self.wants_deleted else super().get_serializer_class()

    @cached_property
    def wants_deleted(self) -> bool:
        """Return whether the list is that of the deleted ones."""
        return bool(self.parameters.get("deleted"))

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        page = super().paginate_queryset(queryset) or []
        return selectors.not_empty(page) if self.action == "list" else page

    def iterate_rows(self, queryset: Any) -> Iterator[Mapping[str, Any]]:
        return selectors.stream_rows(queryset) if self.action == "list" else super().iterate_rows(queryset)

    @extend_schema(operation_id="create_metadata", request=MetadataInput, responses={200: MetadataOutput})
    @idempotent
    def create(self, request: Request) -> HttpResponseBase:
        """Register a record."""
        data = validated(MetadataInput, request.data)
        metadata = services.create_metadata(name=data["name"], payload=data["payload"], by=subject_of(request))
        return self.creation_response(metadata)

    def creation_response(self, metadata: Metadata | selectors.Row) -> HttpResponseBase:
        return self.respond(metadata if isinstance(metadata, dict) else selectors.row_of(metadata))

    @extend_schema(operation_id="delete_metadata", responses={200: DeletedOutput})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete one record; it can be restored for METADATA_RETENTION_DAYS."""
        services.delete_metadata(str(self.get_object()["id"]), by=subject_of(request))
        return Response({"deleted": 1})

    @extend_schema(operation_id="restore_metadata", request=None, responses={200: MetadataOutput})
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> HttpResponseBase:
        """Bring a deleted record back with its data."""
        validated(Input, request.data)
        return self.creation_response(services.restore_metadata(pk, by=subject_of(request)))

    @extend_schema(
        operation_id="get_latest_metadata",
        parameters=[IF_NONE_MATCH, ETAG],
        responses={200: MetadataOutput, 304: OpenApiResponse(description=NOT_MODIFIED["description"])},
    )
    @action(detail=False)
    def latest(self, request: Request) -> HttpResponseBase:
        """Show the record of a name that was registered last."""
        return self.respond(selectors.latest_row(self.parameters["name"]))

    @extend_schema(operation_id="list_metadata_names", responses=NameOutput(many=True))
    @action(detail=False, is_list=True, serializer_class=NameOutput, ordering="name", filter_backends=[])
    def names(self, request: Request) -> HttpResponseBase:
        """List the names of the live records, each with their number and the id of the newest."""
        return self.list_response(selectors.name_rows())

    @extend_schema(operation_id="list_metadata_history", responses=EventOutput(many=True))
    @action(detail=True, is_list=True, serializer_class=EventOutput, ordering="id", filter_backends=[])
    def history(self, request: Request, pk: str) -> HttpResponseBase:
        """List what happened to a record, the oldest first; also of a deleted one, while it can be restored."""
        return self.list_response(selectors.history_rows(pk))

    @extend_schema(operation_id="validate_metadata", request=MetadataInput, responses={200: ValidOutput})
    @action(detail=False, methods=["post"], url_path="validate")
    def check(self, request: Request) -> Response:
        """Check a record as create does, and keep nothing."""
        validated(MetadataInput, request.data)
        return Response({"valid": True})

    @extend_schema(operation_id="metadata_schema", responses={(200, "application/schema+json"): OpenApiTypes.OBJECT})
    @action(detail=False, url_path="schema")
    def schema_of_payloads(self, request: Request) -> HttpResponse:
        """The JSON Schema that payloads are checked against."""
        return HttpResponse(dumps(SCHEMA), content_type="application/schema+json")
