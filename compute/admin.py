"""Admin of jobs: who requested what, its status and error; cancelling."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute.exceptions import JobSettled
from compute.jobs import services
from compute.models import Job, OwnedFile
from config.admin.base import Operation, ReadOnlyAdmin
from config.core.admin_columns import badge, grouped, indented, shortened
from config.core.kept_texts import translated


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs, read-only, with cancelling."""

    icon = "calculate"
    when_empty = gettext_lazy(
        "Nothing has been computed yet. Open a file in the workbench, or send POST /api/compute/stats."
    )
    list_display = ("id", "state", "why", "operation", "file_path", "share", "sub", "created_at")
    list_filter = ("status", "operation", "created_at")
    search_keys = ("id",)
    search_fields = ("file_path", "sub__istartswith", "error")
    search_help_text = gettext_lazy("Number, path, error or requester")
    ordering = ("-id",)
    fields = (
        "id", "status", "share", "error", "operation", "file_path", "result_path", "sub", "created_at", "started_at",
        "finished_at", "rows_read", "rows_written", "kept", "asked", "input_format", "output_format", "engine", "attempts",
        "runner",
    )  # fmt: skip
    readonly_fields = ("share", "rows_read", "rows_written", "kept", "asked")
    actions = ("cancel",)
    operations = {
        "cancel": Operation(
            gettext_lazy("Cancel"),
            gettext_lazy(
                "Queued jobs never run, and running jobs are killed."
                " A cancelled job cannot be resumed; submit it again instead."
            ),
            "cancel",
            always_asks=True,
        )
    }
    asked = indented("parameters")
    state = badge("status", {"done": "success", "running": "info", "failed": "danger", "cancelled": "warning"})

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("compute.cancel_jobs")

    def applies(self, operation: str, row: Job) -> bool:
        return not row.is_settled

    @admin.display(description=gettext_lazy("error"))
    def why(self, job: Job) -> str:
        return shortened(translated(job.error))

    @admin.display(description=gettext_lazy("progress"), ordering="progress")
    def share(self, job: Job) -> str:
        return _("%(percent)s%%") % {"percent": round(100 * job.progress)}

    @admin.display(description=gettext_lazy("rows in"))
    def rows_read(self, job: Job) -> str:
        return "" if job.rows_in is None else grouped(job.rows_in)

    @admin.display(description=gettext_lazy("rows out"))
    def rows_written(self, job: Job) -> str:
        return "" if job.rows_out is None else grouped(job.rows_out)

    @admin.display(description=gettext_lazy("columns"))
    def kept(self, job: Job) -> SafeString:
        """Return the columns of the result with their types."""
        return format_html_join("", "<p>{} <code>{}</code></p>", job.columns or [])

    @admin.action(description=gettext_lazy("Cancel the selected jobs"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        cancelled = 0
        for job in queryset:
            try:
                services.cancel_job(job)
                cancelled += 1
            except JobSettled as problem:
                self.message_user(
                    request,
                    _("Job %(job)s: %(problem_detail)s") % {"job": job.pk, "problem_detail": problem.detail},
                    messages.WARNING,
                )
        self.message_user(request, _("%(cancelled)s jobs are cancelled.") % {"cancelled": cancelled}, messages.SUCCESS)


@admin.register(OwnedFile)
class OwnedFileAdmin(ReadOnlyAdmin):
    """Whose files are. One that is not in the list is nobody's."""

    icon = "folder_shared"
    when_empty = gettext_lazy(
        "No file belongs to anybody yet: files that are uploaded, and results, belong to who made them."
    )
    list_display = ("path", "sub")
    search_fields = ("path__startswith",)
    search_help_text = gettext_lazy("Start of a path")
    ordering = sortable_by = ("path",)
