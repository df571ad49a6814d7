"""Admin of imports of products, and of their rejects."""

from collections.abc import Iterable, Iterator

from django.contrib import admin
from django.utils.translation import gettext_lazy

from catalog.models import ProductImport, ProductReject
from catalog.services.imports import PRODUCTS, importer, rejects_csv
from config.admin.base import Operation, Tool
from config.admin.imports import (
    ImportForm,
    ImportRejectAdminBase,
    ImportRunAdminBase,
    columns_of,
    counts_text,
    file_input,
)

IMPORT = "catalog.import_products"


class ProductsForm(ImportForm):
    """A file of products."""

    field_order = ("products", "dry_run")
    form_fields = {"products_file_path": "products"}

    products = file_input(gettext_lazy("Products"), columns_of(PRODUCTS.row_format))


@admin.register(ProductImport)
class ProductImportAdmin(ImportRunAdminBase):
    """Imports with their reports."""

    importer = importer
    form_class = ProductsForm
    may_import = IMPORT
    hand_over = Operation(
        gettext_lazy("Import products"),
        gettext_lazy(
            "A CSV file (fields separated by semicolon, comma, pipe or tab; any usual encoding;"
            " compressed or not) or a workbook (.xlsx, .xls, .ods), with its columns in any order. The"
            " SKU identifies the product: a row changes that product, or creates it. Invalid rows are"
            " set aside with every reason and never block the valid ones. The export of the API (GET"
            " /api/products as CSV or XLSX) has the same columns, so you can edit it and import it"
            " again."
        ),
        "upload_file",
    )
    list_display = ("id", "state", "is_dry", "created_at", "product_counts", "requested_by")
    list_filter = ("status", "dry_run", "created_at")
    search_keys = ("id",)
    search_fields = ("products_file_path", "requested_by__istartswith")
    search_help_text = gettext_lazy("A number, part of the file's path, or the start of the requester's name")
    ordering = ("-id",)
    fields = ("products_file_path", "requested_by", "created_at", "started_at", "finished_at", "traceparent")
    tools = (Tool("import_files", gettext_lazy("Import products"), "upload_file", IMPORT, reads_body=True),)

    def rejects_csv(self, rejects: Iterable[ProductReject]) -> Iterator[str]:
        return rejects_csv(rejects)

    @admin.display(description=gettext_lazy("products"))
    def product_counts(self, run: ProductImport) -> str:
        return counts_text(run.products)


@admin.register(ProductReject)
class ProductRejectAdmin(ImportRejectAdminBase):
    """Rejected rows with every reason."""

    list_display = ("id", "of_import", "line", "why", "beginning")
    fields = ("of_import", "line", "why", "raw", "fields_of_row")
