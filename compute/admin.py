"""Jobs for operators: who asked what, what runs, what failed and why; cancelling."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from compute.exceptions import JobSettled
from compute.models import Job
from compute.services import jobs
from config.common.admin import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """To look at and to cancel, not to edit."""

    list_display = (
        "id",
        "status",
        "operation",
        "file_path",
        "sub",
        "engine",
        "attempts",
        "rows_in",
        "rows_out",
        "created_at",
    )
    list_filter = ("status", "operation", "engine", "created_at")
    search_fields = ("file_path", "sub", "error")
    ordering = ("-id",)
    actions = ("cancel",)

    @admin.action(description="Cancel the chosen jobs")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        for job in queryset:
            try:
                jobs.cancel_job(job)
            except JobSettled as problem:
                self.message_user(request, f"Job {job.pk}: {problem.detail}", messages.WARNING)
