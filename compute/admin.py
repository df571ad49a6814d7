"""Admin of jobs: who requested what, its status and error; cancelling."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute.exceptions import JobSettled
from compute.jobs import services
from compute.models import Job, OwnedFile
from config.admin.base import Operation, ReadOnlyAdmin
from config.core.admin_columns import badge, indented, shortened
from config.core.kept_texts import translated


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs, read-only, with cancelling."""

    icon = "calculate"
    when_empty = gettext_lazy(
        "Nothing has been computed yet. Open a file in the workbench, or send POST /api/compute/stats."
    )
    list_display = ("id", "state", "why", "operation", "file_path", "share", "sub", "rows_in", "rows_out", "created_at")
    list_filter = ("status", "operation", "created_at")
    search_keys = ("id",)
    search_fields = ("file_path", "sub__istartswith", "error")
    search_help_text = gettext_lazy("A number, part of a path or of an error, or the start of the requester's name")
    ordering = ("-id",)
    fields = (
        "id", "status", "progress", "error", "sub", "operation", "asked", "file_path", "input_format", "output_format",
        "result_path", "rows_in", "rows_out", "kept", "engine", "attempts", "runner", "created_at", "started_at",
        "finished_at",
    )  # fmt: skip
    readonly_fields = ("asked", "kept")
    actions = ("cancel",)
    operations = {
        "cancel": Operation(
            gettext_lazy("Cancel"), gettext_lazy(
                "Queued jobs never run, and running jobs are killed."
                " A cancelled job cannot be resumed; submit it again"
                " instead."
            ),
            "cancel", always_asks=True,
        )
    }  # fmt: skip
    asked = indented("parameters")
    kept = indented("columns")
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
        return f"{job.progress:.0%}"

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
    list_display = ("path", "sub")
    search_fields = ("path__startswith",)
    search_help_text = gettext_lazy("Start of a path")
    ordering = sortable_by = ("path",)
