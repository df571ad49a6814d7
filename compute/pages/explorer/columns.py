"""The columns of a file's page: those in view, and what a profile says of each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from compute.files.formats import Format
from compute.jobs import services
from compute.models import Job
from compute.pages.descriptions import figure_words
from compute.pages.explorer.address import Address
from compute.pages.explorer.question import Question
from compute.pages.preview import job_of
from compute.pages.read_form import TYPES
from compute.pages.selectors import MOST_PREVIEW_BYTES, open_file
from compute.pages.tables import Column
from config.api.problems import Problem

SHOWN, MOST_SHOWN = 20, 200  # columns in view at first, and at most
SAMPLE_ROWS = 50_000
LEVELS = 10  # of the bars of a histogram, each a class of the style sheet
MOST_TOP = 6


@dataclass(frozen=True)
class ColumnCard:
    """A column with what is known of it; `bars` are (level, title), `top` (value, count, link to the rows that have it).

    `types`: as what it can be read, each in words, with the link and whether it is read so now.
    """

    column: Column
    links: Mapping[str, str]
    is_kept: bool
    profile: Mapping[str, Any]
    bars: Sequence[tuple[int, str]]
    top: Sequence[tuple[str, int, str]]
    types: Sequence[tuple[str, str, bool]]

    @property
    def missing_percent(self) -> float | None:
        """How many of its values are missing, in percent; None where that is not known."""
        rows = self.profile.get("count", 0) + self.profile.get("nulls", 0)
        return 100 * self.profile["nulls"] / rows if rows else None


@dataclass(frozen=True)
class Profiles:
    """What is known of the columns in view: rows of profiles by column, of all rows or of a sample, or the job under way."""

    found: Mapping[str, Mapping[str, Any]]
    of_all: bool = False
    job: Job | None = None  # under way, over all rows
    rows: int | None = None
    sample: Job | None = None  # under way
    error: str = ""


def columns_in_view(address: Address, question: Question, columns: Sequence[Column]) -> tuple[list[Column], int]:
    """Return the columns that are shown, those of the question and those that are kept first, and how many more are found."""
    words = address.get("find").casefold().split()
    found = [each for each in columns if not words or any(word in each.name.casefold() for word in words)]
    kept = kept_names(address, question) if len(columns) > SHOWN else set()
    first = [each for each in columns if each.name in kept]
    rest = [each for each in found if each.name not in kept]
    most = max(address.number("columns", SHOWN, most=MOST_SHOWN) - len(first), 0)
    return first[:MOST_SHOWN] + rest[:most], len(rest) - len(rest[:most])


def kept_names(address: Address, question: Question) -> set[str]:
    """Return the columns that stay in view whatever is sought: those that were chosen, and what the question is about."""
    asked = [each["column"] for each in question.conditions] + [column for _name, column in question.measures]
    return {*address.all("keep"), *question.by, *question.described, *asked, *(column for column, _ in question.order)}


def profiles_of(asked: Mapping[str, Any], columns: Sequence[Column], total: int) -> Profiles:
    """Return what is known of columns: over all rows where somebody has asked for that, else over the first ones."""
    names = [column.name for column in columns]
    whole = services.newest_job(whole_profile(asked, names, total))
    if whole and whole.status == Job.Status.DONE:
        return Profiles(_rows_of(whole), of_all=True, rows=whole.rows_in)
    running = whole if whole and not whole.is_settled else None
    found: dict[str, Mapping[str, Any]] = {}
    error = ""
    for begin in range(0, len(names), SHOWN):
        parameters = {"columns": names[begin : begin + SHOWN], "rows": SAMPLE_ROWS}
        try:
            job = job_of(_request(asked, Job.Operation.PROFILE_SAMPLE, parameters))
        except Problem:  # there is no room for more jobs just now
            break
        if not job.is_settled:
            return Profiles(found, job=running, sample=job)
        found |= _rows_of(job) if job.status == Job.Status.DONE else {}
        error = error or job.error
    return Profiles(found, job=running, error=error)


def whole_profile(asked: Mapping[str, Any], names: Sequence[str], total: int) -> services.Request:
    """Return the request of a profile over all rows of some columns, or, where these are all, of the file."""
    parameters = {"columns": list(names) if len(names) < total else []}
    return _request(asked, Job.Operation.PROFILE, parameters)


def cards_of(address: Address, question: Question, columns: Sequence[Column], profiles: Profiles) -> list[ColumnCard]:
    """Return the columns in view with what is known of them."""
    kept = kept_names(address, question)
    return [_card(address, each, profiles.found.get(each.name, {}), is_kept=each.name in kept) for each in columns]


def _card(address: Address, column: Column, profile: Mapping[str, Any], *, is_kept: bool) -> ColumnCard:
    name = column.name
    keep = address.removing("keep", name) if is_kept else address.adding("keep", name)
    figure = "sum" if column.is_number else "n_unique"
    links = {
        "filter": f"?{address.query}&{_draft('filter', name)}#filter-value",
        "group": address.adding("by", name).to("question"),
        "compute": address.adding("compute", f"{figure}:{name}").to("question"),
        "figure": figure_words(figure),
        "keep": keep.to("columns"),
    }
    top = [
        (_text(each["value"]), each["count"], address.filtering([name, "=", each["value"]]).to("rows"))
        for each in profile.get("top") or []
        if isinstance(each["value"], str | int | float)
    ]
    bars = list(_bars(profile.get("histogram") or [])) if profile.get("distinct") != 1 else []
    return ColumnCard(column, links, is_kept, profile, bars, top[:MOST_TOP], _types(address, column))


def _types(address: Address, column: Column) -> list[tuple[str, str, bool]]:
    """As what a column can be read, by the links to that; nothing where the file says its type."""
    if not column.is_untyped:
        return []
    now = address.types.get(column.name, "")
    choices = {"": _("what its values are"), **TYPES}
    return [
        (str(words), address.typing(column.name, type_).to("read"), type_ == now) for type_, words in choices.items()
    ]


def _draft(kind: str, name: str) -> str:
    return urlencode({"draft": f"{kind}:{name}"})


def _bars(parts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """The bars of a histogram as levels, 0 only where nothing is."""
    most = max((part["count"] for part in parts), default=0)
    for part in parts:
        level = -(-part["count"] * LEVELS // most) if most else 0
        yield level, f"{part['from']:g} … {part['to']:g}: {part['count']}"


def _rows_of(job: Job) -> dict[str, Mapping[str, Any]]:
    """The rows of a profile, by column; none where the file is gone or too large to be shown."""
    try:
        with open_file(job.result_path) as file:
            text = file.read(MOST_PREVIEW_BYTES + 1)
    except Problem:
        return {}
    return {row["column"]: row for row in json.loads(text)} if len(text) <= MOST_PREVIEW_BYTES else {}


def _request(asked: Mapping[str, Any], operation: str, parameters: dict[str, Any]) -> services.Request:
    read = {"read": asked["read"]} if asked["read"] else {}
    return services.Request(
        operation,
        parameters | read,
        asked["file_path"],
        asked["sub"],
        input_format=asked["input_format"],
        output_format=Format.JSON,
        sees_all=True,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
