"""Admin of imports of customers and purchases, and of their rejects."""

from collections.abc import Iterable, Iterator

from django.contrib import admin
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _

from config.admin.base import Operation, Tool
from config.admin.imports import (
    ImportForm,
    ImportRejectAdminBase,
    ImportRunAdminBase,
    columns_of,
    counts_text,
    file_input,
)
from config.admin.mending import FollowUp
from inflight.imports.rejects_csv import rejects_csv
from inflight.models import ImportReject, ImportRun
from inflight.services import imports

IMPORT = "inflight.import_files"


class SalesForm(ImportForm):
    """The two files of an aircraft."""

    field_order = ("customers", "purchases", "dry_run")
    form_fields = {"customers_file_path": "customers", "purchased_file_path": "purchases"}

    customers = file_input(gettext_lazy("Customers"), columns_of(imports.CUSTOMERS.row_format))
    purchases = file_input(
        gettext_lazy("Purchases"),
        format_lazy(
            "{columns}. {both}",
            columns=columns_of(imports.PURCHASES.row_format),
            both=gettext_lazy("Leave it blank where the workbook of the customers has both sheets."),
        ),
        required=False,
    )

    def paths(self) -> dict[str, str]:
        self.cleaned_data["purchases"] = self.cleaned_data["purchases"] or self.cleaned_data["customers"]
        return super().paths()


@admin.register(ImportRun)
class ImportRunAdmin(ImportRunAdminBase):
    """Imports with their reports."""

    importer = imports.importer
    follow_up = FollowUp(_("Send customers"), "admin:inflight_delivery_send", "inflight.send_deliveries")
    form_class = SalesForm
    may_import = IMPORT
    hand_over = Operation(
        gettext_lazy("Import files"),
        gettext_lazy(
            "Two CSV files (fields separated by semicolon, comma, pipe or tab; any usual encoding;"
            " compressed or not) or workbooks (.xlsx, .xls, .ods), with their columns in any order."
            " Invalid rows are set aside with every reason and never block the valid ones. A worker"
            " imports the files; the next page shows the progress."
        ),
        "upload_file",
    )
    list_display = ("id", "state", "is_dry", "created_at", "customer_counts", "purchase_counts", "requested_by")
    list_filter = ("status", "dry_run", "created_at")
    search_keys = ("id",)
    search_fields = ("customers_file_path", "purchased_file_path", "requested_by__istartswith")
    search_help_text = gettext_lazy("A number, a file's path, or the requester")
    ordering = ("-id",)
    fields = (
        "customers_file_path", "purchased_file_path", "requested_by", "created_at", "started_at", "finished_at",
        "traceparent",
    )  # fmt: skip
    tools = (Tool("import_files", gettext_lazy("Import files"), "upload_file", IMPORT, reads_body=True),)

    def rejects_csv(self, rejects: Iterable[ImportReject]) -> Iterator[str]:
        return rejects_csv(rejects)

    @admin.display(description=gettext_lazy("customers"))
    def customer_counts(self, run: ImportRun) -> str:
        return counts_text(run.customers)

    @admin.display(description=gettext_lazy("purchases"))
    def purchase_counts(self, run: ImportRun) -> str:
        return counts_text(run.purchases)


@admin.register(ImportReject)
class ImportRejectAdmin(ImportRejectAdminBase):
    """Rejected rows with every reason."""

    shows_people = True
    list_display = ("id", "of_import", "file", "line", "why", "beginning")
    list_filter = ("file",)
    fields = ("of_import", "file", "line", "why", "raw", "fields_of_row")
