"""Admin of all imports: upload files, follow a run, read its report, download its rejects."""

from collections.abc import Iterable, Iterator
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
from django.urls import URLPattern, reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.csrf import csrf_protect
from django_stubs_ext import StrOrPromise, StrPromise

from config.access import audit
from config.admin.base import Operation, ReadOnlyAdmin
from config.admin.mended_rows import can_be_mended
from config.admin.mending import MendingMixin, mended_by
from config.api.imports.folders import new_folder
from config.api.imports.importing import all_roots
from config.api.imports.models import ImportRunBase
from config.api.imports.parsing import RowFormat
from config.api.imports.uploads import FolderUploadHandler
from config.api.pagination import iterate_pages
from config.api.problems import DiskFull, Problem
from config.core.admin_columns import badge, grouped, link_to, list_address, listed, named_numbers, shortened
from config.core.kept_texts import translated

REJECTS_SHOWN = 20
REPORT = "admin/import_report.html"
ACCEPTED = ".csv,.txt,.tsv,.xlsx,.xls,.ods,.gz,.zip,.bz2,.xz,.zst,text/csv"
CAME_TO_NOTHING = (ImportRunBase.Status.FAILED, ImportRunBase.Status.INTERRUPTED)
TONES = {"completed": "success", "completed_with_rejects": "warning", "failed": "danger", "interrupted": "danger"}
COUNTS = (
    gettext_noop("read"), gettext_noop("inserted"), gettext_noop("updated"),
    gettext_noop("unchanged"), gettext_noop("rejected"), gettext_noop("skipped"),
)  # fmt: skip


def columns_of(row_format: RowFormat) -> StrPromise:
    """Return the help that names the columns of a file."""
    return format_lazy("{columns} {names}", columns=gettext_lazy("Columns:"), names=", ".join(row_format.names))


def file_input(label: StrOrPromise, help_text: StrOrPromise, **options: Any) -> forms.FileField:
    """Return the field of a file to import."""
    widget = forms.FileInput({"class": "apron-file", "accept": ACCEPTED})
    return forms.FileField(label=label, help_text=help_text, widget=widget, **options)


class ImportForm(forms.Form):
    """Files to import; a subclass names them."""

    form_fields: dict[str, str]  # by the importer's fields, the form's

    dry_run = forms.BooleanField(
        label=gettext_lazy("Dry run: validate everything, change nothing"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput,
    )

    def paths(self) -> dict[str, str]:
        """Return the paths of the files by the importer's fields."""
        return {path: str(self.cleaned_data[name].place) for path, name in self.form_fields.items()}

    def tell(self, problem: Problem) -> None:
        """Show what is wrong with a file beside it."""
        for error in problem.errors or [{"field": "", "message": problem.detail}]:
            message = error["message"].replace(error["field"], "The file", 1) if error["field"] else error["message"]
            self.add_error(self.form_fields.get(error["field"]), message)


class ImportRunAdminBase(MendingMixin, ReadOnlyAdmin):
    """Base of the admin of the runs of an import, with their reports; `may_import` is the permission."""

    form_class: type[ImportForm]
    hand_over: Operation  # the page that takes files in
    icon = "upload_file"
    when_empty = gettext_lazy("No files have been imported yet. Upload them here; a dry run shows all errors first.")
    change_form_outer_before_template = REPORT
    actions = ("import_again",)
    operations = {
        "import_again": Operation(
            gettext_lazy("Import these files"),
            gettext_lazy("A worker imports the same files again, this time for real."),
            "upload_file",
        )
    }
    state = badge("status", TONES)

    def rejects_csv(self, rejects: Iterable[Any]) -> Iterator[str]:
        """Yield the lines of a file of rejects, to be mended and imported again."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.own_path("<int:run_id>/progress/", "progress", self.progress),
            self.own_path("<int:run_id>/rejects.csv", "rejects", self.rejects),
            self.own_path("<int:run_id>/mend/", "mend", self.mend),
        ]
        return [*own, *super().get_urls()]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.may_import)

    def applies(self, operation: str, row: ImportRunBase) -> bool:
        if row.mends_id:
            return False  # its files are gone; the rows are mended on the page of the run that they come from
        return row.status in CAME_TO_NOTHING or (row.dry_run and row.finished_at is not None)

    @admin.display(description=gettext_lazy("dry run"), boolean=True, ordering="dry_run")
    def is_dry(self, run: ImportRunBase) -> bool | None:
        return run.dry_run or None

    @admin.action(
        description=gettext_lazy("Import the files of dry runs and of failed imports"),
        permissions=["import"],
    )
    def import_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        """Have a worker import the files of runs that have imported nothing."""
        new = None
        for run in queryset.order_by("pk"):
            try:
                if not self.applies("import_again", run):
                    messages.warning(
                        request, _("Import %(run)s has already imported its files, or is about to.") % {"run": run.pk}
                    )
                    continue
                new = self.importer.again(run, requested_by=request.user.get_username())
                messages.success(
                    request, _("Queued %(new)s with the files of import %(run)s.") % {"new": new, "run": run.pk}
                )
            except Problem as problem:
                messages.error(
                    request,
                    _(
                        "Import %(run)s: %(problem_detail)s Uploaded files are kept for at most"
                        " %(upload_retention_days)s days; upload them again."
                    )
                    % {
                        "run": run.pk,
                        "problem_detail": problem.detail,
                        "upload_retention_days": settings.UPLOAD_RETENTION_DAYS,
                    },
                )
        return redirect(self.address_of(new)) if new else None

    def import_files(self, request: HttpRequest) -> HttpResponseBase:
        """Take the files in and have a worker import them."""
        if request.method != "POST":
            return self._form(request, self.form_class())
        fields = set(self.form_class.form_fields.values())
        handler = FolderUploadHandler(request, folder=new_folder(), fields=fields, limit=settings.IMPORT_MAX_UPLOAD)
        request.upload_handlers = [handler]
        return csrf_protect(self._take)(request, handler)

    def _take(self, request: HttpRequest, handler: FolderUploadHandler) -> HttpResponseBase:
        form = self.form_class(request.POST, request.FILES)
        run = self._queue(request, form, handler)
        if run is None:
            handler.rollback()
            return self._form(request, form)
        messages.success(request, _("Queued %(run)s.") % {"run": run})
        return redirect(self.address_of(run))

    def _queue(self, request: HttpRequest, form: ImportForm, handler: FolderUploadHandler) -> Any:
        if handler.is_too_much:
            what = _("Both files together") if len(form.form_fields) > 1 else _("The file")
            form.add_error(
                None,
                _("%(what)s may have at most %(import_max_upload)s bytes.")
                % {"what": what, "import_max_upload": grouped(settings.IMPORT_MAX_UPLOAD)},
            )
        if handler.lacks_room:
            form.tell(DiskFull(_("the disk of IMPORT_UPLOADS")))
        if not form.is_valid():
            return None
        try:
            return self.importer.queue(
                form.paths(),
                roots=all_roots(),
                dry_run=form.cleaned_data["dry_run"],
                requested_by=request.user.get_username(),
            )
        except Problem as problem:
            form.tell(problem)
            return None

    def _form(self, request: HttpRequest, form: ImportForm) -> TemplateResponse:
        return self.ask(request, self.hand_over, form=form)

    def progress(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Answer htmx, which asks while a run goes on: its report, or, when it is over, to load the whole page again."""
        run = self.find_run(request, run_id)
        if run.finished_at:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return TemplateResponse(request, REPORT, self._report_of(request, run))

    def rejects(self, request: HttpRequest, run_id: int) -> StreamingHttpResponse:
        """Download what a run rejected, to mend it and import it again."""
        run = self.find_run(request, run_id)
        audit.record("download_rejects", run)
        return StreamingHttpResponse(
            self.rejects_csv(chain.from_iterable(iterate_pages(run.rejects.all(), "id"))),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="rejects-{run.pk}.csv"'},
        )

    def find_run(self, request: HttpRequest, run_id: int) -> Any:
        """Return a run that the user may see; raise PermissionDenied or Http404."""
        run = self.get_object(request, str(run_id))
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if run is None:
            raise Http404
        return run

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().render_change_form(request, context | self._report_of(request, kwargs["obj"]), *args, **kwargs)

    def _mending_of(self, request: HttpRequest, run: Any) -> str:
        """Return where the rejects of a run are mended, if there are any and the user may."""
        is_open = can_be_mended(run) and not run.mends_id and run.rejects.exists()
        return self.mending_address(run) if is_open and self.may_mend(request) else ""

    def _report_of(self, request: HttpRequest, run: Any) -> dict[str, Any]:
        """Return what the report shows of a run."""
        kinds = [spec.name for spec in self.importer.files.values()]
        counted = {kind: found for kind in kinds if (found := getattr(run, kind))}
        return {
            "run": run,
            "tone": TONES.get(run.status, ""),
            "counted": [_(kind) for kind in counted],
            "counts": [(_(name), [grouped(found.get(name, 0)) for found in counted.values()]) for name in COUNTS],
            "files": len(kinds),
            "rejects": run.rejects.order_by("id")[:REJECTS_SHOWN],
            "mend": self._mending_of(request, run),
            "mended_by": mended_by(run),
            "mended_run": self.address_of(run.mends) if run.mends_id else "",
            "follow_up": self.follow_up_for(request) if has_imported(run) else None,
            "all_rejects": list_address(run.rejects.model, run__exact=run.pk),
            "progress": reverse(f"admin:{self.url_name('progress')}", args=(run.pk,)),
            "download": reverse(f"admin:{self.url_name('rejects')}", args=(run.pk,)),
            "percent": round(100 * run.progress),
        }


def has_imported(run: ImportRunBase) -> bool:
    """Return whether a run has stored something, or may have."""
    return run.finished_at is not None and not run.dry_run and run.status not in CAME_TO_NOTHING


def counts_text(counts: dict[str, int] | None) -> str:
    """Return what became of a file's rows, as a cell of a list."""
    return ", ".join(named_numbers({name: number for name, number in (counts or {}).items() if name != "read"}))


class ImportRejectAdminBase(ReadOnlyAdmin):
    """Base of the admin of rejected rows, with every reason."""

    icon = "block"
    when_empty = gettext_lazy(
        "There are no rejected rows. Rows that an import cannot accept are kept here, and can be"
        " corrected on the page of the import."
    )
    readonly_fields = ("of_import", "why", "fields_of_row")
    fields_of_row = listed("row")
    search_keys = ("id", "run")
    search_help_text = gettext_lazy("Number of an import or of a rejected row")
    ordering = ("-id",)
    sortable_by = ("id",)

    @admin.display(description=gettext_lazy("import"))
    def of_import(self, reject: Any) -> Any:
        return link_to(type(reject).run.field.related_model, reject.run_id)

    @admin.display(description=gettext_lazy("reasons"))
    def why(self, reject: Any) -> str:
        return "; ".join(f"{reason['field']} {translated(reason['message'])}".strip() for reason in reject.reasons)

    @admin.display(description=gettext_lazy("row"))
    def beginning(self, reject: Any) -> str:
        return shortened(reject.raw)
