"""Admin of imports: upload files, follow the run, read its report, download its rejects."""

from itertools import chain
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_protect

from config.access import audit
from config.admin.base import Operation, ReadOnlyAdmin, Tool
from config.api.pagination import iterate_pages
from config.api.problems import DiskFull, Problem
from config.core.admin_columns import badge, indented, link_to, list_address, shortened
from inflight.imports.rejects_csv import rejects_csv
from inflight.models import ImportReject, ImportRun
from inflight.services import imports, uploads
from inflight.uploads import FolderUploadHandler

IMPORT = "inflight.import_files"
REJECTS_SHOWN = 20
HAND_OVER = Operation(
    "Import files",
    "Two CSV files, with ; , | or tab between the fields and the columns in any order, in any usual encoding and packed or "
    "not; or workbooks (.xlsx, .xls, .ods). Bad rows are kept aside with every reason and never stop the good ones. A worker "
    "imports; the next page shows how far it is.",
    "upload_file",
)
ACCEPTED = ".csv,.txt,.tsv,.xlsx,.xls,.ods,.gz,.zip,.bz2,.xz,.zst,text/csv"
CAME_TO_NOTHING = (ImportRun.Status.FAILED, ImportRun.Status.INTERRUPTED)
TONES = {"completed": "success", "completed_with_rejects": "warning", "failed": "danger", "interrupted": "danger"}
FIELDS = {"customers_file_path": "customers", "purchased_file_path": "purchases"}  # the API's names and the form's


class ImportForm(forms.Form):
    """The two files of an aircraft."""

    customers = forms.FileField(
        label="Customers",
        help_text="Columns: " + ", ".join(imports.CUSTOMERS.row_format.names),
        widget=forms.FileInput({"class": "apron-file", "accept": ACCEPTED}),
    )
    purchases = forms.FileField(
        label="Purchases",
        help_text="Columns: "
        + ", ".join(imports.PURCHASES.row_format.names)
        + ". Leave it blank where the workbook of the customers has both sheets.",
        required=False,
        widget=forms.FileInput({"class": "apron-file", "accept": ACCEPTED}),
    )
    dry_run = forms.BooleanField(
        label="Dry run: find out everything, change nothing", required=False, initial=True, widget=forms.CheckboxInput
    )

    def tell(self, problem: Problem) -> None:
        """Show what is wrong with a file beside it."""
        for error in problem.errors or [{"field": "", "message": problem.detail}]:
            message = error["message"].replace(error["field"], "The file", 1) if error["field"] else error["message"]
            self.add_error(FIELDS.get(error["field"]), message)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Imports with their reports."""

    icon = "upload_file"
    list_display = ("id", "state", "is_dry", "created_at", "customer_counts", "purchase_counts", "requested_by")
    list_filter = ("status", "dry_run", "created_at")
    search_keys = ("id",)
    search_fields = ("customers_file_path", "purchased_file_path", "requested_by__istartswith")
    search_help_text = "A number, a part of a file's path, or the start of who asked"
    ordering = ("-id",)
    exclude = ("customers", "purchases", "read_as", "progress", "error", "status", "dry_run")
    change_form_outer_before_template = "admin/inflight/importrun/report.html"
    actions = ("import_again",)
    tools = (Tool("import_files", "Import files", "upload_file", IMPORT, reads_body=True),)
    operations = {
        "import_again": Operation(
            "Import these files", "The same files are imported, to stay. A worker does it.", "upload_file"
        )
    }
    state = badge("status", TONES)

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.own_path("<int:run_id>/progress/", "progress", self.progress),
            self.own_path("<int:run_id>/rejects.csv", "rejects", self.rejects),
        ]
        return [*own, *super().get_urls()]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(IMPORT)

    def applies(self, operation: str, row: ImportRun) -> bool:
        return row.status in CAME_TO_NOTHING or (row.dry_run and row.finished_at is not None)

    @admin.display(description="dry run", boolean=True, ordering="dry_run")
    def is_dry(self, run: ImportRun) -> bool | None:
        return run.dry_run or None

    @admin.display(description="customers")
    def customer_counts(self, run: ImportRun) -> str:
        return _counts(run.customers)

    @admin.display(description="purchases")
    def purchase_counts(self, run: ImportRun) -> str:
        return _counts(run.purchases)

    @admin.action(description="Import the files of dry runs, and of runs that came to nothing", permissions=["import"])
    def import_again(self, request: HttpRequest, queryset: QuerySet[ImportRun]) -> HttpResponseBase | None:
        """Have a worker import the files of runs that have imported nothing."""
        new = None
        for run in queryset.order_by("pk"):
            try:
                if not self.applies("import_again", run):
                    messages.warning(request, f"Import {run.pk} has imported its files, or is about to.")
                    continue
                new = imports.import_again(run, requested_by=request.user.get_username())
                messages.success(request, f"Queued {new}, of the files of import {run.pk}.")
            except Problem as problem:
                messages.error(
                    request,
                    f"Import {run.pk}: {problem.detail} Uploads are kept for {settings.UPLOAD_RETENTION_DAYS} days at most; "
                    "hand them over again.",
                )
        return redirect(self.address_of(new)) if new else None

    def import_files(self, request: HttpRequest) -> HttpResponseBase:
        """Take two files in and have a worker import them."""
        if request.method != "POST":
            return self._form(request, ImportForm())
        handler = FolderUploadHandler(
            request, folder=uploads.new_folder(), fields={"customers", "purchases"}, limit=settings.IMPORT_MAX_UPLOAD
        )
        request.upload_handlers = [handler]
        return csrf_protect(self._take)(request, handler)

    def _take(self, request: HttpRequest, handler: FolderUploadHandler) -> HttpResponseBase:
        form = ImportForm(request.POST, request.FILES)
        run = self._queue(request, form, handler)
        if run is None:
            handler.rollback()
            return self._form(request, form)
        messages.success(request, f"Queued {run}.")
        return redirect(self.address_of(run))

    def _queue(self, request: HttpRequest, form: ImportForm, handler: FolderUploadHandler) -> ImportRun | None:
        if handler.is_too_much:
            form.add_error(None, f"Both files together may have {settings.IMPORT_MAX_UPLOAD:,} bytes.")
        if handler.lacks_room:
            form.tell(DiskFull("the disk of IMPORT_UPLOADS"))
        if not form.is_valid():
            return None
        try:
            return imports.queue_import(
                customers_path=str(form.cleaned_data["customers"].place),
                purchases_path=str((form.cleaned_data["purchases"] or form.cleaned_data["customers"]).place),
                roots=imports.all_roots(),
                dry_run=form.cleaned_data["dry_run"],
                requested_by=request.user.get_username(),
            )
        except Problem as problem:
            form.tell(problem)
            return None

    def _form(self, request: HttpRequest, form: ImportForm) -> TemplateResponse:
        return self.ask(request, HAND_OVER, form=form)

    def progress(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Answer htmx, which asks while a run goes on: its report, or, when it is over, to load the whole page again."""
        run = self._run(request, run_id)
        if run.finished_at:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return TemplateResponse(request, "admin/inflight/importrun/report.html", report_of(run))

    def rejects(self, request: HttpRequest, run_id: int) -> StreamingHttpResponse:
        """Download what a run rejected, to mend it and import it again."""
        run = self._run(request, run_id)
        audit.record("download_rejects", run)
        return StreamingHttpResponse(
            rejects_csv(chain.from_iterable(iterate_pages(run.rejects.all(), "id"))),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="rejects-{run.pk}.csv"'},
        )

    def _run(self, request: HttpRequest, run_id: int) -> ImportRun:
        run: ImportRun | None = self.get_object(request, str(run_id))
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if run is None:
            raise Http404
        return run

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().render_change_form(request, context | report_of(kwargs["obj"]), *args, **kwargs)


def report_of(run: ImportRun) -> dict[str, Any]:
    """Return what the report shows of a run."""
    names = ("read", "inserted", "updated", "unchanged", "rejected", "skipped")
    counted = [(name, getattr(run, name)) for name in ("customers", "purchases")]
    return {
        "run": run,
        "tone": TONES.get(run.status, ""),
        "names": names,
        "counts": [(kind, [found.get(name, 0) for name in names]) for kind, found in counted if found],
        "rejects": run.rejects.order_by("id")[:REJECTS_SHOWN],
        "all_rejects": list_address(ImportReject, run__exact=run.pk),
        "percent": round(100 * run.progress),
    }


def _counts(counts: dict[str, int] | None) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in (counts or {}).items() if number and name != "read")


@admin.register(ImportReject)
class ImportRejectAdmin(ReadOnlyAdmin):
    """Rejected rows with every reason."""

    icon = "block"
    shows_people = True
    list_display = ("id", "of_import", "file", "line", "why", "beginning")
    list_filter = ("file",)
    fields = ("of_import", "file", "line", "why", "raw", "fields_of_row")
    readonly_fields = ("of_import", "why", "fields_of_row")
    fields_of_row = indented("row")
    search_keys = ("id", "run")
    search_help_text = "A number, of an import or a reject"
    ordering = ("-id",)
    sortable_by = ("id",)

    @admin.display(description="import")
    def of_import(self, reject: ImportReject) -> Any:
        return link_to(ImportRun, reject.run_id)

    @admin.display(description="reasons")
    def why(self, reject: ImportReject) -> str:
        return "; ".join(f"{reason['field']} {reason['message']}".strip() for reason in reject.reasons)

    @admin.display(description="row")
    def beginning(self, reject: ImportReject) -> str:
        return shortened(reject.raw)
