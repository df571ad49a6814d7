"""Workbench pages of files: upload, list, preview, download, and the form of the operations."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute.files.downloads import file_response
from compute.files.formats import OUTPUTS, Format
from compute.files.services import delete_file, keep_upload, rename_file
from compute.files.uploads import ReceivedFile, ScratchUploadHandler
from compute.jobs import services
from compute.models import Job
from compute.pages.descriptions import describe_job, mending
from compute.pages.forms import OperationForm
from compute.pages.preview import WAIT_SECONDS, Preview, preview_of
from compute.pages.read_form import ReadForm
from compute.pages.selectors import requested_jobs, requester_of, uploaded_files
from compute.pages.tables import Column, other_notation
from config.api.problems import Problem, prefers_page
from config.pages.permissions import permission_required_page

PAGE = 50
RECENT_JOBS = 8
LOOKED_AT, SHOWN = 100, 20  # rows that columns are judged by, and that are shown
MOST_COLUMNS = 60  # to choose from at a time
WORDS = {"file_exists": "There is a file of this name. Choose another name, or say that it may be replaced."}


@permission_required_page("compute.view_job")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the files there are, the last jobs, and where to drop a file."""
    return _home(request)


@csrf_exempt  # it is checked, but not before the file can stream to where it belongs: see _arrived
@permission_required_page("compute.add_job")
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Take in a file: then a page leads to it, a script is told its address."""
    handler = ScratchUploadHandler(request)
    request.upload_handlers = [handler]
    try:
        return _arrived(request)
    except Problem as problem:
        if not prefers_page(request):
            raise
        return _home(request, error=_worded(problem), status=problem.status)
    finally:
        handler.rollback()


@csrf_protect
def _arrived(request: HttpRequest) -> HttpResponse:
    """To look for the CSRF token reads the whole form, and so brings the file."""
    arrived = request.FILES.get("file")
    if not isinstance(arrived, ReceivedFile):
        raise Problem("Choose a file first.", field="file")
    name = request.POST.get("file_path", "").strip() or arrived.name or ""
    try:
        path = keep_upload(
            arrived.upload, file_path=name, overwrite="overwrite" in request.POST, requester=requester_of(request)
        )
    except Problem as problem:
        problem.detail = _worded(problem)
        raise
    address = reverse("workbench-file", args=[path])
    if prefers_page(request):
        return redirect(address)
    return JsonResponse({"location": address}, status=201, headers={"Location": address})


def _worded(problem: Problem) -> str:
    """What a person at a form can do about it, where the API speaks of its own means."""
    return WORDS.get(problem.code, problem.detail)


@permission_required_page("compute.view_job")
@require_safe
def download(request: HttpRequest, file_path: str) -> HttpResponseBase:
    """Send a file: an upload or a result."""
    return file_response(request, file_path, requester=requester_of(request))


@permission_required_page("compute.add_job")
@require_POST
def rename(request: HttpRequest, file_path: str) -> HttpResponse:
    """Rename a file, or move it to another folder; say on its page why not."""
    try:
        new = rename_file(
            file_path,
            to=request.POST.get("to", "").strip(),
            overwrite="overwrite" in request.POST,
            requester=requester_of(request),
        )
    except Problem as problem:
        return _file(request, file_path, _form(request, file_path), status=problem.status, refusal=_worded(problem))
    return redirect("workbench-file", file_path=new.path)


@permission_required_page("compute.add_job")
@require_POST
def delete(request: HttpRequest, file_path: str) -> HttpResponse:
    """Delete a file: an upload or a result."""
    delete_file(file_path, requester=requester_of(request))
    return redirect("workbench")


@permission_required_page("compute.view_job")
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, file_path: str) -> HttpResponseBase:
    """Show a file's columns and first rows and what can be asked of it; POST asks."""
    if request.method != "POST":
        return _file(request, file_path, _form(request, file_path))
    return _submit(request, file_path)


def _form(request: HttpRequest, file_path: str, data: QueryDict | None = None) -> OperationForm:
    return OperationForm(
        data,
        file_path=file_path,
        input_format=_input_format(request),
        read=ReadForm(request.GET).read,
        sub=request.user.get_username(),
    )


@permission_required_page("compute.add_job")
def _submit(request: HttpRequest, file_path: str) -> HttpResponse:
    form = _form(request, file_path, request.POST)
    if not form.is_valid():
        return _file(request, file_path, form, status=400)
    try:
        job = services.submit_job(form.request(), fresh=form.cleaned_data["fresh"])
    except Problem as problem:
        form.add_error(None, problem.detail)
        return _file(request, file_path, form, status=problem.status)
    services.wait_for_job(job, WAIT_SECONDS / 2)
    return redirect("workbench-job", job_id=job.pk)


def _home(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    files = uploaded_files(limit=PAGE + 1, after=request.GET.get("after", ""))
    context = {
        "files": files[:PAGE],
        "following": files[PAGE - 1].path if len(files) > PAGE else "",
        "is_first": "after" not in request.GET,
        "jobs": describe_job(requested_jobs()[:RECENT_JOBS]),
        "most_bytes": settings.COMPUTE_MAX_UPLOAD,
        "error": error,
    }
    return render(request, "compute/workbench.html", context, status=status)


def _file(
    request: HttpRequest, file_path: str, form: OperationForm, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    read_form = ReadForm(request.GET, label_suffix="")
    preview = preview_of(
        file_path,
        rows=LOOKED_AT,
        sub=request.user.get_username(),
        input_format=_input_format(request),
        read=read_form.read,
        retried=request.GET.get("retried", ""),
    )
    columns = preview.table.columns if preview.table else []
    sought = request.GET.get("find", "")
    offered = _found(columns, sought)
    context: dict[str, Any] = {
        "file_path": file_path,
        "input_format": _input_format(request),
        **preview.shown(SHOWN),
        "offered": offered[:MOST_COLUMNS],
        "sought": sought,
        "is_wide": len(columns) > MOST_COLUMNS,
        "form": form,
        "refusal": refusal,
        "new_path": request.POST.get("to", file_path),
        "read_form": read_form,
        "offered_notation": _offered_notation(request, preview),
        "is_read_set": bool(read_form.read) or not read_form.is_valid(),
        "formats": list(OUTPUTS),
        "input_formats": list(Format),
        "operations": Job.Operation,
    }
    return render(request, "compute/file.html", context, status=max(status, preview.status))


def _offered_notation(request: HttpRequest, preview: Preview) -> dict[str, str]:
    """Say of a notation in which more columns would be numbers what it is, and the query that reads the file so."""
    notation = other_notation(preview.table) if preview.table else None
    if notation is None:
        return {}
    query = request.GET.copy()
    query.update(notation.as_read())
    return {"words": mending(notation.as_read()), "query": query.urlencode()}


def _found(columns: list[Column], sought: str) -> list[Column]:
    """The columns whose name has one of the words that are sought in it."""
    words = sought.casefold().split()
    return [column for column in columns if not words or any(word in column.name.casefold() for word in words)]


def _input_format(request: HttpRequest) -> str:
    asked = request.GET.get("input_format", "")
    return asked if asked in list(Format) else ""
