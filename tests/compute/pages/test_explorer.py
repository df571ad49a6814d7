"""A file's page: its columns, its rows, the question and the answer, all of them in the address."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from compute.models import Job
from tests.compute.pages.workbench import compute_queued, look, question, text_of
from tests.compute.tables import read_table, write_table
from tests.people import client_of

pytestmark = pytest.mark.django_db
FILE = "/workbench/files/table.csv"
ROWS = [
    {"shop": "Nice", "price": 3, "code": "007"},
    {"shop": "Nice", "price": 20, "code": "11"},
    {"shop": "Cannes", "price": 100, "code": ""},
    {"shop": "", "price": 4, "code": "x"},
]


@pytest.fixture(autouse=True)
def table(compute_root: Path, settings: Any) -> Path:
    settings.COMPUTE_WAITERS = 0
    write_table(compute_root, "csv", ROWS)
    return compute_root / "table.csv"


def first_cells(page: str) -> list[str]:
    """The first column of the rows in view."""
    rows = page[page.index('id="rows"') :].partition('id="answer"')[0]
    return re.findall(r"<tr><td[^>]*>(?:<span[^>]*>)?([^<]*)", rows)


def link_of(page: str, words: str) -> str:
    """The address of the first link of these words."""
    found = re.search(rf'href="([^"]*)"[^>]*>{re.escape(words)}', page)
    assert found, words
    return html.unescape(found[1])


def asked() -> Job:
    return Job.objects.exclude(operation__in=Job.LOOKS).latest("id")


# --- Rows ---
@pytest.mark.parametrize(
    ("query", "shops"),
    [
        ("", ["Nice", "Nice", "Cannes", "missing"]),
        (question(["price", ">", 3.5]), ["Nice", "Cannes", "missing"]),
        (question(["shop", "=", "Nice"], ["price", "<", 10]), ["Nice"]),
        (question(["shop", "is_null", True]), ["missing"]),
        (question(order="desc:price"), ["Cannes", "Nice", "missing", "Nice"]),
        (question(["shop", "is_null", False], order="asc:shop"), ["Cannes", "Nice", "Nice"]),
        (question(row=3), ["Cannes", "missing"]),
        (question(["price", ">", 3.5], order="asc:price", row=2), ["Nice", "Cannes"]),
    ],
)
def test_rows_are_filtered_sorted_and_paged(ana: Client, query: str, shops: list[str]) -> None:
    assert first_cells(look(ana, FILE + query)) == shops


def test_a_page_of_rows_leads_to_the_next_and_back(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"n": number} for number in range(250)])
    page = look(ana, FILE)
    assert first_cells(page)[::99] == ["0", "99"]
    second = look(ana, FILE + link_of(page, "Next rows"))
    assert first_cells(second)[::99] == ["100", "199"]
    third = look(ana, FILE + link_of(second, "Next rows"))
    assert (first_cells(third)[0], "Next rows" in third) == ("200", False)
    assert first_cells(look(ana, FILE + link_of(third, "Previous rows")))[0] == "100"


def test_looking_is_no_job_that_somebody_asked_for(ana: Client) -> None:
    look(ana, FILE + question(["price", ">", 3], by="shop"))
    assert {job.operation for job in Job.objects.all()} == {"preview", "profile_sample"}
    assert "No jobs yet." in text_of(ana.get("/workbench"))


# --- Columns ---
def test_columns_have_what_a_sample_says_of_them(ana: Client) -> None:
    page = look(ana, FILE)
    panel = page[page.index('id="columns"') : page.index('id="rows"')]
    assert "25% missing" in panel
    assert re.findall(r'class="level-(\d+)"', panel)[:20] == ["10", "0", "0", "5", *["0"] * 15, "5"]
    assert link_of(panel, "Nice") == question(["shop", "=", "Nice"]) + "#rows"


@pytest.mark.parametrize(("language", "words"), [("en", "distinct values"), ("fr", "valeurs distinctes")])
def test_a_figure_is_said_in_the_readers_words(ana: Client, language: str, words: str) -> None:
    look(ana, FILE)
    page = text_of(ana.get(f"{FILE}?compute=n_unique:shop", HTTP_ACCEPT_LANGUAGE=language))
    assert f'<span class="said">{words} · shop</span>' in page
    assert f'<option value="n_unique">{words}</option>' in page


def test_a_profile_of_all_rows_takes_the_place_of_the_sample(ana: Client) -> None:
    assert "Profile all rows" in look(ana, FILE)
    ana.post(FILE, {"ask": "profile"})
    assert "Cancel" in text_of(ana.get(FILE))
    page = look(ana, FILE)
    assert "Of all 4 rows." in page
    assert "1\u20134 of 4" in page
    assert "Profile all rows" not in page


def test_a_file_of_300_columns_shows_some_and_finds_each(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{f"column{number}": number for number in range(300)}])
    page = look(ana, FILE)
    assert page.count('<th scope="col"') == 20
    assert "280 more; find them by their names." in page
    assert look(ana, FILE + link_of(page, "Show more columns")).count('<th scope="col"') == 40
    found = look(ana, FILE + question(find="column277 N128", keep="column5"))
    assert re.findall(r'class="name">([^<]+)', found) == ["column5", "column128", "column277"]
    assert page.count("<option") < 700, "forms share one list of columns"


def test_columns_of_the_question_stay_in_view(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{f"column{number}": number for number in range(300)}])
    page = look(ana, FILE + question(["column299", ">", 5], by="column250", find="column1"))
    assert re.findall(r'class="name">([^<]+)', page)[:3] == ["column250", "column299", "column1"]


# --- The question ---
@pytest.mark.parametrize(
    ("form", "query"),
    [
        ({"add": "filter", "column": "price", "op": ">", "value": "3.5"}, question(["price", ">", 3.5])),
        ({"add": "filter", "column": "price", "op": "=", "value": "many"}, question(["price", "=", "many"])),
        ({"add": "filter", "column": "code", "op": "=", "value": "007"}, question(["code", "=", "007"])),
        ({"add": "filter", "column": "price", "op": "in", "value": "3, 4"}, question(["price", "in", [3, 4]])),
        ({"add": "filter", "column": "price", "op": "contains", "value": "3"}, question(["price", "contains", "3"])),
        ({"add": "filter", "column": "shop", "op": "is_null", "value": ""}, question(["shop", "is_null", True])),
        ({"add": "filter", "column": "shop", "op": "not_null"}, question(["shop", "is_null", False])),
        ({"add": "group", "column": "shop"}, question(by="shop")),
        ({"add": "compute", "figure": "p95", "column": "price"}, question(compute="p95:price")),
        ({"add": "order", "column": "price", "direction": "desc"}, question(order="desc:price")),
        ({"add": "sort", "column": "price_sum"}, question(sort="asc:price_sum")),
        ({"add": "limit", "value": "10"}, question(limit=10)),
    ],
)
def test_what_a_form_adds_is_in_the_address(ana: Client, form: dict[str, str], query: str) -> None:
    look(ana, FILE)
    answer = ana.get(FILE, {"keep": "code"} | form)
    wanted = dict(re.findall(r"(\w+)=([^&]*)", query))
    got = dict(re.findall(r"(\w+)=([^&#]*)", answer["Location"]))
    assert (answer.status_code, got) == (302, wanted | {"keep": "code"})


def test_a_value_is_read_in_the_notation_of_the_file(ana: Client, table: Path) -> None:
    table.write_text("shop;price\nNice;1.000,5\nNice;2.000,0\n")
    read = "?decimal=%2C&thousands=."
    look(ana, FILE + read)
    answer = ana.get(f"{FILE}{read}&add=filter&column=price&op=%3E&value=1.500,5")
    assert answer["Location"].endswith(question(["price", ">", 1500.5])[1:] + "#question")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"add": "filter", "column": "nothing", "op": "=", "value": "1"}, "There is no column nothing."),
        ({"add": "filter", "column": "price", "op": "=", "value": ""}, "Give a value to compare with."),
        ({"add": "filter", "column": "price", "op": "~", "value": "1"}, "Choose how to compare."),
        ({"add": "group"}, "Choose a column."),
        ({"add": "compute", "column": "price", "figure": "guess"}, "Choose what to compute."),
        ({"add": "limit", "value": "-1"}, "Give the number of rows as a whole number."),
        ({"add": "drop", "column": "price"}, "Choose what to add."),
    ],
)
def test_what_cannot_be_added_is_refused_in_words(ana: Client, form: dict[str, str], said: str) -> None:
    look(ana, FILE)
    answer = ana.get(FILE, form)
    assert (answer.status_code, said in text_of(answer)) == (400, True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (question(by="shop", compute=["sum:price", "describe:price"]), "remove one of the two"),
        (question(["price", "~", 1]), "not a valid choice"),
        ("?where=x", "A filter in this address is not valid."),
    ],
)
def test_a_question_that_cannot_be_says_why_and_runs_nothing(ana: Client, query: str, said: str) -> None:
    page = look(ana, FILE + query)
    assert said in page
    assert 'value="answer"' not in page
    assert ana.post(FILE + query, {"ask": "answer"}).status_code == 400
    assert not Job.objects.exclude(operation__in=Job.LOOKS).exists()


def test_a_chip_is_removed_by_its_link(ana: Client) -> None:
    page = look(ana, FILE + question(["price", ">", 3], by="shop", limit=2))
    removed = re.findall(r'class="off" href="([^"]*)" aria-label="Remove: ([^"]*)"', page)
    assert {words: html.unescape(link) for link, words in removed} == {
        "Filter price &gt; 3": "?by=shop&limit=2#question",
        "Group by shop": question(["price", ">", 3], limit=2) + "#question",
        "Limit 2 rows": question(["price", ">", 3], by="shop") + "#question",
    }


# --- The answer ---
GROUPED = question(["price", "<", 50], by="shop", compute=["count:code", "sum:price"], sort="desc:price_sum", limit=5)


def test_the_answer_is_at_the_address_of_the_question_for_everyone(ana: Client) -> None:
    assert "Not computed yet." in look(ana, FILE + GROUPED)
    answer = ana.post(FILE + GROUPED, {"ask": "answer"})
    assert answer["Location"].startswith(FILE + "?")
    assert "Cancel" in text_of(ana.get(FILE + GROUPED))

    for client in (ana, client_of("viewer")):
        page = look(client, FILE + GROUPED)
        assert "Not computed yet." not in page
        shown = json.loads(re.search(r'<script id="chart-data"[^>]*>(.*?)</script>', page)[1])  # type: ignore[index]
        assert shown["table"]["rows"] == [["Nice", 2, 23], [None, 1, 4]]
        assert [column["kind"] for column in shown["table"]["columns"]] == ["text", "number", "number"]
    assert Job.objects.exclude(operation__in=Job.LOOKS).count() == 1


def test_a_viewer_sees_the_rows_and_runs_nothing(db: None) -> None:
    page = look(client_of("viewer"), FILE + GROUPED)
    assert "Cannes" in page or "Nice" in page
    assert "Ask an operator to run it" in page
    assert 'name="ask"' not in page


def test_what_is_running_is_not_asked_for_again(ana: Client) -> None:
    for _ in range(2):
        ana.post(FILE + GROUPED, {"ask": "answer"})
    assert Job.objects.exclude(operation__in=Job.LOOKS).count() == 1


def test_an_answer_is_computed_again_where_that_is_said(ana: Client) -> None:
    for form in ({"ask": "answer"}, {"ask": "answer"}, {"ask": "answer", "fresh": "1"}):
        ana.post(FILE + GROUPED, form)
        compute_queued()
    assert Job.objects.exclude(operation__in=Job.LOOKS).count() == 2


def test_a_figure_of_the_whole_file_is_an_answer(ana: Client, compute_root: Path) -> None:
    query = question(["shop", "=", "Nice"], compute=["sum:price", "max:price"])
    ana.post(FILE + query, {"ask": "answer"})
    page = look(ana, FILE + query)
    assert read_table(compute_root / asked().result_path) == [{"price_sum": "23", "price_max": "20"}]
    assert '<td class="number">23</td>' in page
    assert "GROUP BY" not in page
    assert 'id="chart-data"' not in page, "one row is no chart"


def test_whole_rows_are_an_answer(ana: Client, compute_root: Path) -> None:
    query = question(["shop", "is_null", False], ["price", "<", 50], order="desc:price")
    ana.post(FILE + query, {"ask": "answer"})
    compute_queued()
    assert (asked().operation, asked().parameters["columns"]) == ("non_null", ["shop"])
    assert [row["price"] for row in read_table(compute_root / asked().result_path)] == ["20", "3"]


def test_what_fails_for_its_notation_is_mended_by_a_link(ana: Client, table: Path) -> None:
    table.write_text("shop;price\nNice;1,5\nCannes;x\n")
    query = question(by="shop", compute="sum:price")
    ana.post(FILE + query, {"ask": "answer"})
    page = look(ana, FILE + query)
    assert asked().status == "failed"
    assert link_of(page, "Read decimal commas").startswith("?by=shop&compute=sum%3Aprice&decimal=%2C")


def test_a_job_is_cancelled_and_the_page_stays(ana: Client) -> None:
    ana.post(FILE + GROUPED, {"ask": "answer"})
    answer = ana.post(f"/workbench/jobs/{asked().pk}/cancel", {"next": FILE + GROUPED})
    assert answer["Location"] == FILE + GROUPED
    assert "Cancelled on request." in look(ana, FILE + GROUPED)
    elsewhere = ana.post(f"/workbench/jobs/{asked().pk}/cancel", {"next": "https://elsewhere.example/"})
    assert elsewhere["Location"] == f"/workbench/jobs/{asked().pk}"


def test_a_running_job_says_how_long_it_will_take(ana: Client) -> None:
    ana.post(FILE + GROUPED, {"ask": "answer"})
    job = asked()
    started = job.created_at.replace(year=job.created_at.year - 1)
    Job.objects.filter(pk=job.pk).update(status="running", progress=0.5, started_at=started)
    told = ana.get(f"/workbench/jobs/{job.pk}/status").json()
    assert told["seconds_left"] == pytest.approx(365 * 24 * 3600, rel=0.01)
    page = look(ana, FILE + GROUPED)
    assert "Running: 50% done, about" in page
