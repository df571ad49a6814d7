"""How a file is read, at the workbench: told, corrected, and mended from the refusal of a job."""

import re
from pathlib import Path

import pytest
from django.test import Client

from compute.models import Job
from tests.compute.pages.workbench import compute_queued, look, question
from tests.compute.tables import write_table

pytestmark = pytest.mark.django_db
FRENCH = "ville;prix\nOrléans;1,5\nOrléans;2,25\nNîmes;4\n"
ASKED = "by=ville&compute=sum:prix"
RUN = {"ask": "answer"}


@pytest.fixture
def ventes(compute_root: Path) -> Path:
    """A file as Excel writes it in France."""
    path = compute_root / "ventes.csv"
    path.write_bytes(FRENCH.encode("cp1252"))
    return path


def shown(ana: Client, address: str) -> str:
    """The page, once what it waits for is computed."""
    return look(ana, address)


def test_a_guessed_encoding_is_shown_with_the_rows(ana: Client, ventes: Path) -> None:
    page = shown(ana, "/workbench/files/ventes.csv")

    assert "Orléans" in page
    assert "cp1252, <em>a guess</em>" in page
    assert 'href="?encoding=utf-8#read">Read as utf-8</a>' in page


def test_a_refused_notation_is_mended_with_one_click(ana: Client, ventes: Path, compute_root: Path) -> None:
    ana.post(f"/workbench/files/ventes.csv?{ASKED}", RUN)
    compute_queued()
    failed = Job.objects.filter(operation="group_by").latest("id")
    page = shown(ana, f"/workbench/jobs/{failed.pk}")

    ana.post(f"/workbench/jobs/{failed.pk}/mended")
    compute_queued()

    done = Job.objects.filter(operation="group_by").latest("id")
    assert "Read decimal commas, and run it again" in page
    assert (failed.status, done.status, done.parameters["read"]) == ("failed", "done", {"decimal": ","})
    assert (compute_root / done.result_path).read_text() == "ville;prix_sum\nNîmes;4.00\nOrléans;3.75\n"


def test_another_notation_is_offered_and_its_columns_are_numbers_then(ana: Client, ventes: Path) -> None:
    before = shown(ana, "/workbench/files/ventes.csv?encoding=cp1252")
    after = shown(ana, "/workbench/files/ventes.csv?encoding=cp1252&decimal=%2C")

    assert '<a href="?encoding=cp1252&amp;decimal=%2C#read">Read decimal commas</a>' in before
    assert "compute=sum%3Aprix" not in before
    assert "compute=sum%3Aprix" in after
    assert "Read decimal commas</a>" not in after


def test_a_word_among_numbers_is_taken_for_missing_beside_what_was_said(
    ana: Client, ventes: Path, compute_root: Path
) -> None:
    ventes.write_bytes((FRENCH + "Nîmes;NC\n").encode("cp1252"))
    ana.post(f"/workbench/files/ventes.csv?decimal=%2C&null_values=-&{ASKED}", RUN)
    compute_queued()
    failed = Job.objects.filter(operation="group_by").latest("id")

    ana.post(f"/workbench/jobs/{failed.pk}/mended")
    compute_queued()

    done = Job.objects.filter(operation="group_by").latest("id")
    assert (done.status, done.parameters["read"]) == ("done", {"decimal": ",", "null_values": ["-", "NC"]})


def test_what_is_set_in_the_form_is_how_the_file_is_shown_and_computed(ana: Client, compute_root: Path) -> None:
    (compute_root / "odd.csv").write_text("Report\na,b\n1;2,3\n4\n")
    address = "/workbench/files/odd.csv?skip_rows=1&delimiter=%2C&on_bad_rows=skip&null_values=NA%2C%20-"

    page = shown(ana, address)
    ana.post(address + "&" + question(["b", "is_null", False])[1:], RUN)

    assert "Among the first rows, 1 was skipped; the first is line 4: 1 cells, the header has 2." in page
    told = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert (told["lines skipped"], told["bad rows"], told["missing values"]) == ("1", "skipped", "NA, -")
    assert Job.objects.get(operation="non_null").parameters["read"] == {
        "delimiter": ",", "skip_rows": 1, "on_bad_rows": "skip", "null_values": ["NA", "-"],
    }  # fmt: skip


def test_what_cannot_be_a_way_to_read_is_said_at_its_field(ana: Client, ventes: Path) -> None:
    page = shown(ana, "/workbench/files/ventes.csv?encoding=klingon&skip_rows=-1")

    assert "&#x27;klingon&#x27; is not an encoding of text" in page
    assert "greater than or equal to 0" in page
    assert 'id="question"' in page


FILE = "/workbench/files/codes.csv"


@pytest.fixture
def codes(compute_root: Path) -> Path:
    path = compute_root / "codes.csv"
    path.write_text("code,price\n10,2\n9,x\n")
    return path


def kinds(page: str) -> list[str]:
    """What the heads of the rows say of their columns."""
    rows = page[page.index('id="rows"') :]
    return re.findall(r'<span class="type">(\w+)', rows)


def first_cells(page: str) -> list[str]:
    return re.findall(r"<tr><td[^>]*>([^<]*)", page[page.index('id="rows"') :])


def test_the_type_of_a_column_is_set_told_and_taken_away_again(ana: Client, codes: Path) -> None:
    before = shown(ana, f"{FILE}?order=asc:code")
    answer = ana.get(FILE, {"order": "asc:code", "add": "type", "column": "code", "type": "text"})
    assert answer["Location"] == f"{FILE}?order=asc%3Acode&types=text%3Acode#read"
    after = shown(ana, answer["Location"].partition("#")[0])

    assert (kinds(before), kinds(after)) == (["number", "text"], ["text", "text"])
    assert (first_cells(before), first_cells(after)) == (["9", "10"], ["10", "9"])
    assert '<span class="part">Type</span> <span class="said">code · text</span>' in after
    assert 'href="?order=asc%3Acode#read" aria-label="Do not read code as text"' in after
    assert (
        ana.get(FILE, {"types": "text:code", "add": "type", "column": "code", "type": ""})["Location"]
        == f"{FILE}?#read"
    )


def test_jobs_read_a_column_as_the_page_says(ana: Client, codes: Path, compute_root: Path) -> None:
    ana.post(f"{FILE}?by=price&compute=max:code&types=text:code", RUN)
    compute_queued()

    done = Job.objects.filter(operation="group_by").latest("id")
    assert done.parameters["read"] == {"types": {"code": "text"}}
    assert done.reading is not None
    assert done.reading["read"]["types"] == {"code": "text"}
    assert done.read_as == {"price": "text", "code": "text"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("types=date:code", "A column is read as text or as numbers, not as date."),
        ("types=text:gone", "There is no column gone."),
        ("add=type&column=code&type=date", "Choose a type."),
        ("order=desc:price&types=number:price", "The column &#x27;price&#x27; is not numeric: it holds &#x27;x&#x27;"),
    ],
)
def test_a_type_that_cannot_be_is_refused_in_words(ana: Client, codes: Path, query: str, said: str) -> None:
    page = shown(ana, f"{FILE}?{query}")
    assert said in page, re.findall(r'role="alert"[^<]*<', page)


def test_a_column_with_a_type_of_its_own_keeps_it(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "parquet", [{"n": 1}])
    page = shown(ana, "/workbench/files/table.parquet?types=text:n")
    assert "has a type in the file, integer" in page
    assert 'aria-label="Do not read n as text"' in page


def test_rows_that_do_not_fit_are_left_out_with_one_click(ana: Client, compute_root: Path) -> None:
    (compute_root / "codes.csv").write_text("a,b\n1\n1,2\n")
    assert 'href="?on_bad_rows=skip#read">Leave out the rows that do not fit</a>' in shown(ana, FILE)
    assert "Among the first rows, 1 was skipped" in shown(ana, f"{FILE}?on_bad_rows=skip")
