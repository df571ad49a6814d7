"""Workbench pages of jobs: progress, cancel, result, download in any format."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from compute.exceptions import JobSettled
from compute.files.formats import OUTPUTS
from compute.jobs import services
from compute.models import Job
from compute.pages.charts import table_chart
from compute.pages.descriptions import describe_job, described, mended_read, mending
from compute.pages.preview import WAIT_SECONDS, Preview, preview_of
from compute.pages.profile import profiles_of
from compute.pages.selectors import requested_jobs
from compute.pages.snippets import curl_of
from compute.pages.tables import Table
from config.api.problems import Problem
from config.pages.permissions import permission_required_page

PAGE = 50
SHOWN = 200  # rows of a result


@permission_required_page("compute.view_job")
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """List jobs, newest first: everyone's, since files and answers are everyone's, or one's own."""
    is_mine, after = "mine" in request.GET, request.GET.get("after", "")
    found = requested_jobs().filter(sub=request.user.get_username()) if is_mine else requested_jobs()
    if after.isascii() and after.isdigit() and len(after) < 19:
        found = found.filter(pk__lt=int(after))
    page = list(found[: PAGE + 1])
    following = page[PAGE - 1].pk if len(page) > PAGE else None
    context = {"jobs": describe_job(page[:PAGE]), "is_mine": is_mine, "is_first": not after, "following": following}
    return render(request, "compute/jobs.html", context)


@permission_required_page("compute.view_job")
@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show a job: how far it is, or what came of it."""
    found = get_object_or_404(requested_jobs(), pk=job_id)
    result = _result(request, found) if found.status == Job.Status.DONE else Preview()
    context = {
        "job": found,
        "words": described(found),
        "mending": mending(found.mending_read or {}),
        **result.shown(SHOWN),
        "seconds": (found.finished_at - found.started_at).total_seconds()
        if found.finished_at and found.started_at
        else None,
        "shown": SHOWN,
        "chart": _chart(found, result.table),
        "formats": list(OUTPUTS),
        "own_format": found.result_path.rpartition(".")[2],
        "profiles": profiles_of(result.table) if result.table and found.operation == Job.Operation.PROFILE else [],
        "curl": curl_of(found, request.build_absolute_uri("/")),
    }
    return render(request, "compute/job.html", context)


@permission_required_page("compute.view_job")
@require_safe
def status(request: HttpRequest, job_id: int) -> JsonResponse:
    """Tell how far a job is; pages ask this while they wait."""
    found = get_object_or_404(Job, pk=job_id)
    told = {"status": found.status, "progress": found.progress, "is_settled": found.is_settled}
    return JsonResponse(told | {"seconds_left": found.seconds_left})


@permission_required_page("compute.cancel_jobs")
@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Cancel a job; one that has ended meanwhile is shown as it is. Then go on to `next`, or to the job."""
    with suppress(JobSettled):
        services.cancel_job(get_object_or_404(requested_jobs(), pk=job_id))
    following = request.POST.get("next", "")
    if following and url_has_allowed_host_and_scheme(following, allowed_hosts=None):
        return redirect(following)
    return redirect("workbench-job", job_id=job_id)


@permission_required_page("compute.add_job")
@require_POST
def convert(request: HttpRequest, job_id: int) -> HttpResponse:
    """Send a job's result in another format, by asking the same again: what has been answered is at hand.

    Where that takes longer, or the file has changed since, it leads to the new job instead.
    """
    earlier = get_object_or_404(requested_jobs(), pk=job_id, status=Job.Status.DONE)
    format_ = request.POST.get("output_format", "")
    if format_ not in list(OUTPUTS):
        raise Problem(
            _("Choose one of these formats: %(outputs)s.") % {"outputs": ", ".join(OUTPUTS)}, field="output_format"
        )
    again = services.Request(
        operation=earlier.operation,
        parameters=earlier.parameters,
        file_path=earlier.file_path,
        input_format=earlier.input_format,
        output_format=format_,
        sub=request.user.get_username(),
        sees_all=True,
    )
    found = services.wait_for_job(services.submit_job(again, fresh=False), WAIT_SECONDS)
    is_same_file = earlier.is_reusable and found.input_version == earlier.input_version
    if found.status == Job.Status.DONE and is_same_file:
        return redirect("workbench-download", file_path=found.result_path)
    return redirect("workbench-job", job_id=found.pk)


@permission_required_page("compute.add_job")
@require_POST
def mend(request: HttpRequest, job_id: int) -> HttpResponse:
    """Ask again what has failed, with the file read in the way that may mend it."""
    failed = get_object_or_404(requested_jobs(), pk=job_id, status=Job.Status.FAILED, mending_read__isnull=False)
    again = services.Request(
        operation=failed.operation,
        parameters=failed.parameters | {"read": mended_read(failed)},
        file_path=failed.file_path,
        input_format=failed.input_format,
        output_format=failed.output_format,
        sub=request.user.get_username(),
        sees_all=True,
    )
    found = services.wait_for_job(services.submit_job(again, fresh=False), WAIT_SECONDS)
    return redirect("workbench-job", job_id=found.pk)


def _result(request: HttpRequest, job: Job) -> Preview:
    retried = request.GET.get("retried", "")
    return preview_of(job.result_path, rows=SHOWN, sub=request.user.get_username(), retried=retried)


def _chart(job: Job, table: Table | None) -> dict[str, Any] | None:
    """Return the chart of groups; other results are tables only."""
    if table is None or not table.rows or job.operation != Job.Operation.GROUP_BY:
        return None
    return table_chart(table, job.parameters["by"], rows=SHOWN)
