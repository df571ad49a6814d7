"""compute's paths, below /compute."""

from django.urls import path

from compute.views import files, jobs

urlpatterns = [
    path("group_by", jobs.GroupByView.as_view(), name="compute-group-by"),
    path("non_null", jobs.NonNullView.as_view(), name="compute-non-null"),
    path("stats", jobs.StatsView.as_view(), name="compute-stats"),
    path("jobs", jobs.JobListView.as_view(), name="compute-jobs"),
    path("jobs/<int:job_id>", jobs.JobDetailView.as_view(), name="compute-job"),
    path("files", files.FileListView.as_view(), name="compute-files"),
    path("files/<path:file_path>/preview", files.PreviewView.as_view(), name="compute-preview"),
    path("files/<path:file_path>", files.FileView.as_view(), name="compute-file"),
]
