"""The paths of the workbench."""

from django.urls import path

from compute.pages import files, jobs
from compute.pages.explorer import views as explorer

urlpatterns = [
    path("workbench", files.home, name="workbench"),
    path("workbench/upload", files.upload, name="workbench-upload"),
    path("workbench/files/<path:file_path>", explorer.file, name="workbench-file"),
    path("workbench/download/<path:file_path>", files.download, name="workbench-download"),
    path("workbench/rename/<path:file_path>", files.rename, name="workbench-rename"),
    path("workbench/delete/<path:file_path>", files.delete, name="workbench-delete"),
    path("workbench/jobs", jobs.job_list, name="workbench-jobs"),
    path("workbench/jobs/<int:job_id>", jobs.job, name="workbench-job"),
    path("workbench/jobs/<int:job_id>/status", jobs.status, name="workbench-job-status"),
    path("workbench/jobs/<int:job_id>/cancel", jobs.cancel, name="workbench-job-cancel"),
    path("workbench/jobs/<int:job_id>/mended", jobs.mend, name="workbench-job-mended"),
    path("workbench/jobs/<int:job_id>/as", jobs.convert, name="workbench-job-as"),
]
