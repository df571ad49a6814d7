"""The view of a file's page. GET shows what the address says; POST asks for what takes a job."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compute.files.formats import Format
from compute.jobs import services
from compute.models import Job
from compute.pages.descriptions import mended_read, mending, read_words
from compute.pages.explorer import columns as panel
from compute.pages.explorer.address import READ, Address
from compute.pages.explorer.answer import Answer, answer_of, request_of
from compute.pages.explorer.chips import COMPARISONS, FIGURES, NotAddableError, chips_of, types_of, with_addition
from compute.pages.explorer.question import Question
from compute.pages.explorer.rows import PAGE_ROWS, rows_in_view
from compute.pages.preview import WAIT_SECONDS, Preview, preview_of
from compute.pages.read_form import TYPES
from compute.pages.snippets import curl_of, python_of, sql_of
from compute.pages.tables import Column, other_notation
from compute.reading.encodings import UTF_8
from compute.reading.options import ReadOptions
from config.api.problems import Problem
from config.pages.permissions import permission_required_page

ENCODINGS = ("utf-8", "cp1252", "iso8859-15", "cp1250", "mac_roman", "cp850")  # to try where one is a guess
MOST_OFFERED = 1000  # columns that a form completes
FEW_COLUMNS = 40  # in a list to choose from


class Opened(NamedTuple):
    """A file's page as its address says it: what all that look at the file ask, the question, and the file's first rows."""

    address: Address
    asked: dict[str, Any]
    question: Question
    head: Preview

    @property
    def columns(self) -> list[Column]:
        """The file's columns; none while they are not known."""
        return self.head.table.columns if self.head.table else []


@permission_required_page("compute.view_job")
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, file_path: str) -> HttpResponseBase:
    """Show a file: its columns, its rows, the question and what there is of the answer."""
    if request.method == "POST":
        return _ask(request, file_path)
    opened = opened_file(request, file_path)
    if "add" not in request.GET:
        return page(request, opened)
    try:
        kinds = {column.name: column.kind for column in opened.columns}
        address = with_addition(
            opened.address, request.GET.dict(), kinds, ReadOptions.of(opened.asked["read"]).notation
        )
    except NotAddableError as refused:
        return page(request, opened, refusal=str(refused), status=400)
    return redirect(f"{request.path}{address.to('read' if request.GET['add'] == 'type' else 'question')}")


@permission_required_page("compute.add_job")
def _ask(request: HttpRequest, file_path: str) -> HttpResponse:
    """Have the question answered, or the columns profiled; then lead to the page that shows it."""
    opened = opened_file(request, file_path)
    is_profile = request.POST.get("ask") == "profile"
    try:
        asked = _profile(opened) if is_profile else _answer(opened)
        running = services.newest_job(asked)
        if not running or running.is_settled:
            running = services.submit_job(asked, fresh="fresh" in request.POST)
        services.wait_for_job(running, 0 if is_profile else WAIT_SECONDS / 2)
    except Problem as problem:
        return page(request, opened, refusal=problem.detail, status=problem.status)
    return redirect(f"{request.path}{opened.address.to('columns' if is_profile else 'answer')}")


def _answer(opened: Opened) -> services.Request:
    parameters, problems = opened.question.parameters(opened.asked["read"])
    if problems:
        raise Problem(problems[0])
    return request_of(opened.question, parameters, opened.asked)


def _profile(opened: Opened) -> services.Request:
    shown, _more = panel.columns_in_view(opened.address, opened.question, opened.columns)
    return panel.whole_profile(opened.asked, [column.name for column in shown], len(opened.columns))


def opened_file(request: HttpRequest, file_path: str) -> Opened:
    """Return a file's page as its address says it, with the file's first rows."""
    address = Address.of(request.GET)
    asked: dict[str, Any] = {
        "file_path": file_path,
        "sub": request.user.get_username(),
        "input_format": address.input_format,
        "read": address.read_form.read,
    }
    head = preview_of(**asked, rows=PAGE_ROWS, retried=request.GET.get("retried", ""))
    return Opened(address, asked, Question.of(address), head)


def page(request: HttpRequest, opened: Opened, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """Return the page; `refusal` is said at its top."""
    address, head = opened.address, opened.head
    read_form = address.read_form
    context: dict[str, Any] = {
        "file_path": opened.asked["file_path"],
        "address": address,
        "sought": address.get("find"),
        "preview": head,
        "told": read_words(head.reading.get("read", {})),
        "refusal": refusal,
        "new_path": request.POST.get("to", opened.asked["file_path"]),
        "hidden": address.pairs,
        "hidden_but_read": address.without(*READ, "row").pairs,
        "hidden_but_find": address.without("find", "columns").pairs,
        "hidden_but_row": address.without("row").pairs,
        "read_form": read_form,
        "is_read_set": bool(read_form.read) or not read_form.is_valid(),
        "input_format": address.input_format,
        "input_formats": list(Format),
        "as_detected": address.without(*READ, "row").to("read"),
        "suggestions": _suggestions(opened),
        "types": types_of(address, [column.name for column in opened.columns]),
        "reload": f"?{address.query}",
    }
    if head.table:
        context |= _shown(request, opened)
    return render(request, "compute/explorer/file.html", context, status=max(status, head.status))


def _shown(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    """What a page shows of a file that can be read."""
    address, question = opened.address, opened.question
    columns, more = panel.columns_in_view(address, question, opened.columns)
    profiles = panel.profiles_of(opened.asked, columns, len(opened.columns))
    retried = {"retried": request.GET.get("retried", "")}
    rows = rows_in_view(address, question, opened.head, opened.asked | retried, columns)
    parameters, problems = ({}, []) if question.is_empty else question.parameters(opened.asked["read"])
    request_for = None if question.is_empty or problems else request_of(question, parameters, opened.asked)
    answer = answer_of(address, question, request_for, **retried) if request_for else Answer()
    kind, _colon, name = request.GET.get("draft", "").partition(":")
    shown_columns = min(len(columns) + panel.SHOWN, panel.MOST_SHOWN)
    return {
        "question": question,
        "chips": chips_of(address),
        "problems": [*rows.problems, *(each for each in problems if each not in rows.problems)],
        "cards": panel.cards_of(address, question, columns, profiles),
        "profiles": profiles,
        "more_columns": more,
        "more_link": address.setting("columns", shown_columns).to("columns") if len(columns) < panel.MOST_SHOWN else "",
        "all_columns": opened.columns[:MOST_OFFERED],
        "is_wide": len(opened.columns) > FEW_COLUMNS,
        "number_of_columns": len(opened.columns),
        "rows": rows,
        "comparisons": COMPARISONS.items(),
        "figures": FIGURES.items(),
        "type_choices": TYPES.items(),
        "sortable": question.outputs,
        "draft": {"kind": kind, "column": name},
        "is_askable": request_for is not None,
        "answer": answer,
        "mended": _mended(opened, answer),
        "snippets": _snippets(request, request_for, opened),
        "link": request.build_absolute_uri(f"{request.path}?{address.query}"),
    }


def _mended(opened: Opened, answer: Answer) -> dict[str, str]:
    """Of an answer that failed for how the file is read: what would mend it, and the link to that."""
    failed = answer.job if answer.job and answer.job.status == Job.Status.FAILED else None
    words = mending(failed.mending_read or {}) if failed else ""
    return (
        {"words": words, "link": opened.address.reading(mended_read(failed)).to("question")} if failed and words else {}
    )


def _suggestions(opened: Opened) -> list[dict[str, str]]:
    """Other ways to read the file which its first rows suggest: each in words, with the link."""
    found = []
    reading = opened.head.reading
    failed = opened.head.job if opened.head.error else None
    if failed and (words := mending(failed.mending_read or {})):
        found.append({"words": words, "link": opened.address.reading(mended_read(failed)).to("read")})
    notation = other_notation(opened.head.table) if opened.head.table else None
    if notation:
        read = notation.as_read()
        found.append({"words": mending(read), "link": opened.address.reading(read).to("read")})
    if "encoding" in reading.get("guessed", ()) and reading["read"].get("encoding") != UTF_8:
        for encoding in ENCODINGS:
            if encoding != reading["read"].get("encoding"):
                link = opened.address.reading({"encoding": encoding}).to("read")
                found.append({"words": _("Read as %(encoding)s") % {"encoding": encoding}, "link": link})
    return found


def _snippets(request: HttpRequest, asked: services.Request | None, opened: Opened) -> list[tuple[str, str]]:
    """The question as code, by what it is for."""
    if asked is None:
        return []
    job = Job(
        operation=asked.operation,
        parameters=asked.parameters,
        file_path=asked.file_path,
        input_format=asked.input_format or opened.head.reading.get("format", ""),
        reading=opened.head.reading,
    )
    server = request.build_absolute_uri("/")
    made: Mapping[str, Callable[[], str]] = {
        "curl": lambda: curl_of(job, server),
        "Python": lambda: python_of(job, server),
        "SQL": lambda: sql_of(job),
    }
    return [(name, make()) for name, make in made.items()]
