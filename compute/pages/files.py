"""Workbench pages of files: upload, list, download, rename, delete. A file's own page is the explorer's."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from compute.files.downloads import file_response
from compute.files.services import delete_file, keep_upload, rename_file
from compute.files.uploads import ReceivedFile, ScratchUploadHandler
from compute.pages.descriptions import describe_job
from compute.pages.explorer import views as explorer
from compute.pages.selectors import requested_jobs, requester_of, uploaded_files
from config.api.problems import Problem, prefers_page
from config.core.kept_texts import translated
from config.pages.permissions import permission_required_page

PAGE = 50
RECENT_JOBS = 8
LOOKED_AT, SHOWN = 100, 20  # rows that columns are judged by, and that are shown
MOST_COLUMNS = 60  # to choose from at a time
WORDS = {"file_exists": gettext_lazy("A file with this name exists. Choose another name, or allow it to be replaced.")}


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
        raise Problem(_("Choose a file first."), field="file")
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
    return str(WORDS.get(problem.code) or translated(problem.detail))


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
        opened = explorer.opened_file(request, file_path)
        return explorer.page(request, opened, refusal=_worded(problem), status=problem.status)
    return redirect("workbench-file", file_path=new.path)


@permission_required_page("compute.add_job")
@require_POST
def delete(request: HttpRequest, file_path: str) -> HttpResponse:
    """Delete a file: an upload or a result."""
    delete_file(file_path, requester=requester_of(request))
    return redirect("workbench")


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
