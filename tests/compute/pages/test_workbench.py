"""The workbench: an analyst's whole way, and its files: brought, looked into, asked."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from compute.models import Job
from tests.compute.conftest import RunningRunner
from tests.compute.pages.workbench import compute_queued, preview, question, text_of
from tests.compute.tables import write_table
from tests.fakes.faulty import wait_until
from tests.people import client_of

SALES = b"product,price\nPerfume,91.2\nCoffee,3.5\nCoffee,4.5\n"


@pytest.fixture(autouse=True)
def _nobody_waits(settings: Any) -> None:
    settings.COMPUTE_WAITERS = 0


def upload(client: Client, name: str = "sales.csv", content: bytes = SALES, **form: Any) -> Any:
    return client.post("/workbench/upload", {"file": SimpleUploadedFile(name, content)} | form)


def visible(root: Path) -> list[str]:
    return sorted(place.relative_to(root).as_posix() for place in root.rglob("*") if place.is_file())


@pytest.mark.django_db(transaction=True)
def test_an_analysts_way_from_file_to_downloaded_result(
    settings: Any, compute_root: Path, start_runner: Callable[[], RunningRunner], client: APIClient
) -> None:
    settings.COMPUTE_WAITERS = 2
    ana = client_of("operator")
    start_runner()
    address = upload(ana)["Location"]
    wait_until(lambda: "Perfume" in text_of(ana.get(address)), what="the rows")

    asked = address + question(by="product", compute=["mean:price", "max:price"])
    page = text_of(ana.post(asked, {"ask": "answer"}, follow=True))
    assert '<td class="number">4.0</td>' in page

    job = Job.objects.get(operation="group_by")
    assert job.sub == "operator"
    answer = ana.post(f"/workbench/jobs/{job.pk}/as", {"output_format": "json"}, follow=True)
    assert json.loads(answer.getvalue())[0] == {"product": "Coffee", "price_mean": 4.0, "price_max": "4.5"}

    command = re.search(r'<pre[^>]*aria-label="curl">(.*?)</pre>', page, re.DOTALL)
    assert command
    said = shlex.split(command[1].replace("&#x27;", "'").replace("&quot;", '"').replace("\\\n", " "))
    assert "Authorization: Bearer $APRON_TOKEN" in said
    same = client.post(said[1].removeprefix("http://testserver"), json.loads(said[-1]), format="json")
    assert same.json()["job"] == job.pk


def test_an_upload_is_kept_under_the_name_that_was_given(ana: Client, compute_root: Path) -> None:
    answer = upload(ana, "sales.csv", file_path=" 2026/über uns.csv ")
    assert unquote(answer["Location"]) == "/workbench/files/2026/über uns.csv"
    assert (compute_root / "2026/über uns.csv").read_bytes() == SALES


def test_a_script_is_told_where_its_upload_is(db: None, compute_root: Path) -> None:
    answer = client_of("operator").post(
        "/workbench/upload", {"file": SimpleUploadedFile("a.csv", SALES)}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()) == (201, {"location": "/workbench/files/a.csv"})


@pytest.mark.parametrize(
    ("name", "form", "status", "said"),
    [
        ("taken.csv", {}, 409, "A file with this name exists."),
        ("a.csv", {"file_path": "../a.csv"}, 403, "Give a path below COMPUTE_ROOT"),
        ("a.csv", {"file_path": "results/a.csv"}, 403, "belongs to the jobs"),
        (".hidden", {}, 400, "does not begin with a dot"),
        ("large.csv", {}, 413, "A file may have at most 400 bytes"),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_an_upload_that_cannot_be_is_refused_in_words_and_leaves_nothing(
    settings: Any, compute_root: Path, ana: Client, name: str, form: dict[str, str], status: int, said: str, accept: str
) -> None:
    settings.COMPUTE_MAX_UPLOAD = 400  # of the whole form
    (compute_root / "taken.csv").write_text("old")
    content = SALES * 10 if name == "large.csv" else b"a\n1\n"
    file = SimpleUploadedFile(name, content)
    answer = ana.post("/workbench/upload", {"file": file} | form, headers={"Accept": accept})
    assert (answer.status_code, said in text_of(answer)) == (status, True)
    assert visible(compute_root) == ["taken.csv"]
    assert (compute_root / "taken.csv").read_text() == "old"


def test_a_file_is_replaced_where_that_is_said(ana: Client, compute_root: Path) -> None:
    (compute_root / "sales.csv").write_text("old")
    assert upload(ana, overwrite="on").status_code == 302
    assert (compute_root / "sales.csv").read_bytes() == SALES


def test_a_form_without_a_file_is_told_so(ana: Client) -> None:
    answer = ana.post("/workbench/upload", {})
    assert (answer.status_code, "Choose a file first." in text_of(answer)) == (400, True)


def test_the_files_are_listed_in_pages_without_results(ana: Client, compute_root: Path) -> None:
    for number in range(51):
        (compute_root / f"{number:02d} ä&.csv").write_text("a\n1\n")
    (compute_root / "results").mkdir()
    (compute_root / "results/x.csv").write_text("a\n")
    page = text_of(ana.get("/workbench"))
    following = re.search(r'href="(\?after=[^"]+)" rel="next"', page)
    assert following
    seen = re.findall(r">([^<]+\.csv)</a>", page + text_of(ana.get("/workbench" + following[1])))
    assert seen == [f"{number:02d} ä&amp;.csv" for number in range(51)]


def test_an_empty_workbench_says_what_to_do(ana: Client) -> None:
    page = text_of(ana.get("/workbench"))
    assert "There are no files." in page
    assert "No jobs yet." in page


def test_a_full_queue_is_said_in_words(ana: Client, compute_root: Path, settings: Any) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    preview("table.csv")
    settings.COMPUTE_QUEUE_LIMIT = 0
    answer = ana.post("/workbench/files/table.csv?compute=describe:a", {"ask": "answer"})
    assert (answer.status_code, "Try again in a while." in text_of(answer)) == (429, True)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("nothing.csv", 404, "There is no such file."),
        ("../etc/passwd", 403, "Give a path below COMPUTE_ROOT"),
    ],
)
def test_a_file_that_cannot_be_shown_says_why(
    ana: Client, compute_root: Path, path: str, status: int, said: str
) -> None:
    answer = ana.get(f"/workbench/files/{path}")
    assert (answer.status_code, said in text_of(answer)) == (status, True)


def test_a_broken_file_says_where_and_offers_nothing_to_ask(ana: Client, compute_root: Path) -> None:
    (compute_root / "broken.csv").write_text("a,b\n1,2\n1,2,3,4\n")
    ana.get("/workbench/files/broken.csv")
    compute_queued()
    page = text_of(ana.get("/workbench/files/broken.csv"))
    assert "The file cannot be read: line 3: " in page
    assert 'id="question"' not in page


def test_a_preview_is_made_once_however_often_its_page_is_loaded(ana: Client, compute_root: Path) -> None:
    (compute_root / "broken.csv").write_text("a,b\n1,2\n1,2,3,4\n")
    for state in ("queued", "failed"):
        for _ in range(2):
            ana.get("/workbench/files/broken.csv")
        assert [job.status for job in Job.objects.all()] == [state]
        compute_queued()
    page = text_of(ana.get("/workbench/files/broken.csv"))
    again = re.search(r'href="(\?retried=\d+)"', page)
    assert again
    for _ in range(2):
        ana.get("/workbench/files/broken.csv" + again[1])
    assert [job.status for job in Job.objects.order_by("pk")] == ["failed", "queued"]


def test_a_file_of_an_unknown_name_is_read_as_is_said(ana: Client, compute_root: Path) -> None:
    (compute_root / "sales.data").write_bytes(SALES)
    ana.get("/workbench/files/sales.data?input_format=csv")
    compute_queued()
    assert "Perfume" in text_of(ana.get("/workbench/files/sales.data?input_format=csv"))
    ana.post("/workbench/files/sales.data?input_format=csv&compute=describe:price", {"ask": "answer"})
    assert Job.objects.get(operation="stats").input_format == "csv"


def test_a_download_is_the_file_and_never_a_page(ana: Client, compute_root: Path) -> None:
    (compute_root / "page.html").write_text("<script>alert(1)</script>")
    answer = ana.get("/workbench/download/page.html")
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    answer.getvalue()
