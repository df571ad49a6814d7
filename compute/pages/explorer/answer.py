"""The answer to the question of a file's page: the job that computes it, or its first rows, as table and chart."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.files.formats import OUTPUTS
from compute.files.notation import Notation, number_of
from compute.jobs import services
from compute.models import Job
from compute.pages.explorer.address import CHART, Address
from compute.pages.explorer.question import Question
from compute.pages.explorer.rows import Header
from compute.pages.preview import Preview, preview_of
from compute.pages.tables import Column, Table
from compute.reading.options import ReadOptions

SHOWN = 200  # rows of an answer
MOST_COLUMNS = 100
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True)
class Answer:
    """What there is of an answer: nothing yet, a job that is under way or failed, or a result with its first rows."""

    job: Job | None = None
    preview: Preview | None = None
    headers: Sequence[Header] = ()
    cells: Sequence[Sequence[tuple[str | None, bool]]] = ()
    chart: Mapping[str, Any] | None = None

    @property
    def seconds(self) -> float | None:
        """How long the computation took."""
        job = self.job
        return (
            (job.finished_at - job.started_at).total_seconds() if job and job.finished_at and job.started_at else None
        )

    @property
    def more_columns(self) -> int:
        """How many columns are not shown."""
        return len(self.preview.table.columns) - len(self.headers) if self.preview and self.preview.table else 0

    @property
    def own_format(self) -> str:
        """The format in which the result lies there."""
        return self.job.result_path.rpartition(".")[2] if self.job else ""

    @property
    def other_formats(self) -> list[str]:
        """The formats in which it can be had, too."""
        return [each for each in OUTPUTS if each != self.own_format]


def request_of(question: Question, parameters: Mapping[str, Any], asked: Mapping[str, Any]) -> services.Request:
    """Return the request of a job that answers a question; `parameters` are Question.parameters'."""
    return services.Request(
        question.operation,
        dict(parameters),
        asked["file_path"],
        asked["sub"],
        input_format=asked["input_format"],
        sees_all=True,
    )


def answer_of(address: Address, question: Question, request: services.Request, retried: str) -> Answer:
    """Return what there is of the answer: to look at it computes nothing."""
    job = services.newest_job(request)
    if job is None or job.status != Job.Status.DONE:
        return Answer(job)
    preview = preview_of(job.result_path, rows=SHOWN, sub=request.sub, retried=retried)
    if preview.table is None:
        return Answer(job, preview)
    table = preview.table
    headers = [_header(address, question, column) for column in table.columns[:MOST_COLUMNS]]
    return Answer(
        job, preview, headers, table.cells(rows=SHOWN, columns=MOST_COLUMNS), _chart(address, question, job, table)
    )


def _header(address: Address, question: Question, column: Column) -> Header:
    """The head of a column of the answer; to sort by it changes the question."""
    name, place = ("order", "rows") if question.is_of_rows else ("sort", "question")
    now = next((each.partition(":")[0] for each in address.all(name) if each.partition(":")[2] == column.name), "")
    following = {"": f"desc:{column.name}", "desc": f"asc:{column.name}"}.get(now, "")
    return Header(column, now, address.setting(name, following).without("row").to(place))


def _chart(address: Address, question: Question, job: Job, table: Table) -> dict[str, Any] | None:
    """What the chart is drawn from; which one is the reader's choice, and a part of the address."""
    is_one_row = bool(question.measures) and not question.by  # figures of the whole file
    if not table.rows or is_one_row or len(table.columns) > MOST_COLUMNS:
        return None
    columns: list[dict[str, Any]] = [
        {"name": column.name, "kind": _kind(table, place), "key": column.name in question.by}
        for place, column in enumerate(table.columns)
    ]
    notation = ReadOptions.of((job.reading or {}).get("read", {})).notation
    rows = [
        [_value(cell, column["kind"], notation) for cell, column in zip(row, columns, strict=True)]
        for row in table.rows
    ]
    chosen = {name: value for name in CHART if (value := address.get(name))}
    return {"table": {"columns": columns, "rows": rows}, **chosen}


def _kind(table: Table, place: int) -> str:
    if table.columns[place].is_number:
        return "number"
    cells = [row[place] for row in table.rows if row[place] is not None]
    return "date" if cells and all(DATE.fullmatch(cell) for cell in cells if cell) else "text"


def _value(cell: str | None, kind: str, notation: Notation) -> float | str | None:
    return cell if cell is None or kind != "number" else number_of(cell, notation)
