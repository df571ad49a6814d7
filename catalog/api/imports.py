"""The API of imports of products."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponseBase
from django_filters import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from catalog.api.serializers import NOON
from catalog.models import ProductImport, ProductReject
from catalog.services.imports import importer, rejects_csv
from config.access.scopes import Scope
from config.api.filters import ParameterFilter, RunFilters
from config.api.imports.serializers import CountsOutput, ReasonOutput, file_field
from config.api.imports.views import ImportViewSet
from config.api.openapi import PREFER, example
from config.api.strict import FlagParameter, Input, WordField
from config.api.viewsets import idempotent


class ProductImportFilter(RunFilters, FilterSet):
    """Filters of the list of imports."""

    status = ParameterFilter(WordField(choices=ProductImport.Status.choices), "status")


class ProductUploadInput(Input):
    """A CSV file, or a workbook, of products as a form."""

    products_file = file_field("products_file", help_text="columns: sku, name, category, description")
    dry_run = FlagParameter(default=False, help_text="find out everything, change nothing")


class ProductsReadAsOutput(serializers.Serializer[Any]):
    """How the file was read: the encoding, with "a guess" where it is one, or the sheet of a workbook."""

    products = serializers.CharField()


@example(
    {
        "id": 1, "status": "completed_with_rejects", "dry_run": False, "products_file_path": "/srv/uploads/5f/products.csv",
        "products": {"read": 3, "inserted": 2, "updated": 0, "unchanged": 0, "rejected": 1, "skipped": 0},
        "read_as": {"products": "utf-8"}, "progress": 1.0, "error": "", "requested_by": "operator", "mends": None,
        "created_at": NOON, "started_at": NOON, "finished_at": NOON,
    }
)  # fmt: skip
class ProductImportOutput(serializers.ModelSerializer[ProductImport]):
    """One import of products. The counts are null until it has ended."""

    products = CountsOutput(allow_null=True)
    read_as = ProductsReadAsOutput(allow_null=True)

    class Meta:
        model = ProductImport
        fields = (
            "id", "status", "dry_run", "products_file_path", "products", "read_as", "progress", "error", "requested_by",
            "mends", "created_at", "started_at", "finished_at",
        )  # fmt: skip


@example(
    {
        "line": 3, "raw": "4006381333932;Ball pen;Office;",
        "reasons": [{"field": "sku", "code": "invalid", "message": "its check digit would be 1"}],
        "row": {"sku": "4006381333932", "name": "Ball pen", "category": "Office", "description": ""},
    }
)  # fmt: skip
class ProductRejectOutput(serializers.ModelSerializer[ProductReject]):
    """A row that was not taken."""

    reasons = ReasonOutput(many=True)

    class Meta:
        model = ProductReject
        fields = ("line", "reasons", "raw", "row")


@extend_schema_view(
    list=extend_schema(operation_id="list_product_imports", description="List imports of products, newest first."),
    retrieve=extend_schema(operation_id="get_product_import", description="Show one import: its status and counts."),
)
class ProductImportViewSet(ImportViewSet):
    """Imports of products."""

    queryset = ProductImport.objects.all()
    serializer_class = ProductImportOutput
    filterset_class = ProductImportFilter
    read_scope, write_scope = Scope.CATALOG_READ, Scope.CATALOG_WRITE
    importer = importer
    upload_input = ProductUploadInput
    form_fields = {"products_file_path": "products_file"}

    @extend_schema(
        operation_id="import_products",
        request={"multipart/form-data": ProductUploadInput},
        responses={201: ProductImportOutput, 202: ProductImportOutput},
        parameters=[PREFER],
    )
    @idempotent
    def create(self, request: Request) -> HttpResponseBase:
        """Import a file of products that is uploaded as a form: a product is known by its sku, and changed or created."""
        return self.import_upload(request)

    @extend_schema(
        operation_id="list_product_rejects",
        responses={
            (200, "application/json"): ProductRejectOutput(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    @action(detail=True, is_list=True, serializer_class=ProductRejectOutput, ordering="id", filter_backends=[])
    def rejects(self, request: Request, pk: int) -> HttpResponseBase:
        """List the rejected rows with all their reasons; as text/csv, all of them in a file to mend and import again."""
        return self.rejects_response(request)

    def rejects_csv(self, rejects: Iterable[ProductReject]) -> Iterator[str]:
        return rejects_csv(rejects)
