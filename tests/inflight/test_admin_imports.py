"""An operator's import: two files handed over, a dry run, the report, its rejects, the import itself."""

import os
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.contrib.auth.models import User
from django.test import Client

from config.api.imports.folders import drop_old_uploads
from inflight.models import Customer, ImportRun
from inflight.services.imports import run_queued_imports
from tests.inflight.conftest import CUSTOMERS, PURCHASES, Import, counts

pytestmark = pytest.mark.django_db

LIST = "/admin/inflight/importrun/"
FORM = f"{LIST}import_files/"
BAD_ROW = "1/2;9;P;0;1;EUR;2024-01-01"


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> Path:
    settings.IMPORT_ROOTS = []
    settings.IMPORT_UPLOADS = str(tmp_path / "uploads")
    return tmp_path / "uploads"


@pytest.fixture
def operator() -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("olga"))
    return client


def file_of(lines: list[str] | bytes, name: str) -> BytesIO:
    file = BytesIO(lines if isinstance(lines, bytes) else ("\n".join(lines) + "\n").encode())
    file.name = name
    return file


def hand_over(client: Client, customers: Any = CUSTOMERS, purchases: Any = PURCHASES, **fields: str) -> Any:
    """Fill the form in as a browser does: with the token that the page came with, before the files."""
    token = client.get(FORM).context["csrf_token"]
    files = {"customers": file_of(customers, "customers 03.csv"), "purchases": file_of(purchases, "../sales.csv")}
    return client.post(FORM, {"csrfmiddlewaretoken": str(token), **fields, **files}, follow=True)


def test_a_workbook_with_both_sheets_is_handed_over_once(operator: Client) -> None:
    book = BytesIO()
    with xlsxwriter.Workbook(book) as sheets:
        for name, lines in {"People": CUSTOMERS, "Sold": PURCHASES}.items():
            sheet = sheets.add_worksheet(name)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line.split(";"))
    token = operator.get(FORM).context["csrf_token"]
    fields = {"csrfmiddlewaretoken": str(token), "customers": file_of(book.getvalue(), "cabin.xlsx")}
    operator.post(FORM, fields, follow=True)
    run_queued_imports()
    run = ImportRun.objects.get()
    assert (run.status, run.customers, run.purchases) == ("completed", counts(2, inserted=2), counts(3, inserted=3))


def test_a_dry_run_changes_nothing_and_its_report_leads_to_the_import_itself(operator: Client) -> None:
    answer = hand_over(operator, purchases=[*PURCHASES, BAD_ROW], dry_run="on")
    run = ImportRun.objects.get()
    assert answer.redirect_chain == [(f"{LIST}{run.pk}/change/", 302)]
    assert "Waiting for a worker" in answer.content.decode()
    assert (run.status, run.dry_run, run.requested_by) == ("queued", True, "olga")

    run_queued_imports()
    report = operator.get(f"{LIST}{run.pk}/change/").content.decode()
    assert "nothing has been changed" in report
    assert "&#x27;9&#x27; is neither in the customers file nor in the database" in report
    assert f"{LIST}{run.pk}/rejects.csv" in report
    assert not Customer.objects.exists()

    page = operator.get(f"{LIST}{run.pk}/import_again/")
    answer = operator.post(
        page.request["PATH_INFO"], {"csrfmiddlewaretoken": str(page.context["csrf_token"])}, follow=True
    )
    run_queued_imports()
    real = ImportRun.objects.latest("pk")
    assert answer.redirect_chain == [(f"{LIST}{real.pk}/change/", 302)]
    assert (real.status, real.dry_run) == ("completed_with_rejects", False)
    assert Customer.objects.count() == 2


def test_the_report_says_how_far_a_run_is_until_it_is_over(operator: Client) -> None:
    hand_over(operator)
    run = ImportRun.objects.get()
    ImportRun.objects.update(status="running", progress=0.42)
    assert "42% of the files read" in operator.get(f"{LIST}{run.pk}/progress/").content.decode()
    ImportRun.objects.update(status="queued")
    run_queued_imports()
    assert operator.get(f"{LIST}{run.pk}/progress/").headers["HX-Refresh"] == "true"


def test_rejects_are_downloaded_to_be_mended(operator: Client) -> None:
    hand_over(operator, purchases=[*PURCHASES, BAD_ROW])
    run_queued_imports()
    answer: Any = operator.get(f"{LIST}{ImportRun.objects.get().pk}/rejects.csv")
    text = b"".join(answer.streaming_content).decode()
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "1/2;9;P;0;1;EUR;2024-01-01" in text


@pytest.mark.parametrize(
    ("customers", "said"),
    [
        (b"", "The submitted file is empty."),
        ([CUSTOMERS[0]], None),
        (["a;b"], "The file lacks the columns customer_id"),
        ("customer_id;é€".encode() + b"\xff", "The file is not UTF-8"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused_beside_its_field(
    operator: Client, uploads: Path, customers: Any, said: str | None
) -> None:
    answer = hand_over(operator, customers=customers)
    if said is None:
        assert ImportRun.objects.exists()
        return
    assert said in answer.content.decode()
    assert not ImportRun.objects.exists()
    assert not uploads.exists() or list(uploads.iterdir()) == []


@pytest.mark.parametrize("announced", [True, False])
def test_more_than_the_bound_is_refused_and_not_kept(
    operator: Client, uploads: Path, settings: Any, announced: bool
) -> None:
    settings.IMPORT_MAX_UPLOAD = 1000
    answer = hand_over(operator, purchases=b"x" * (200_000 if announced else 2000))
    assert "Both files together may have at most 1,000 bytes" in answer.content.decode()
    assert not ImportRun.objects.exists()
    assert list(uploads.iterdir()) == []


def test_a_name_that_is_no_name_and_a_file_too_many_do_no_harm(operator: Client) -> None:
    token = operator.get(FORM).context["csrf_token"]
    files = {
        "customers": [file_of(CUSTOMERS, "???"), file_of(CUSTOMERS, "???")],
        "purchases": file_of(PURCHASES, "é" * 300),
        "other": file_of(PURCHASES, "other.csv"),
    }
    operator.post(FORM, {"csrfmiddlewaretoken": str(token), **files})
    folder = Path(ImportRun.objects.get().customers_file_path).parent
    assert len(list(folder.iterdir())) == 2


def test_a_form_without_its_token_is_refused(operator: Client, uploads: Path) -> None:
    answer = operator.post(FORM, {"customers": file_of(CUSTOMERS, "c.csv"), "purchases": file_of(PURCHASES, "p.csv")})
    assert answer.status_code == 403
    assert not ImportRun.objects.exists()


def test_files_lie_where_only_a_worker_reads_under_names_that_are_harmless(operator: Client, uploads: Path) -> None:
    hand_over(operator)
    run = ImportRun.objects.get()
    customers, purchases = Path(run.customers_file_path), Path(run.purchased_file_path)
    assert (customers.name, purchases.name) == ("customers-customers_03.csv", "purchases-sales.csv")
    assert customers.parent == purchases.parent
    assert customers.parent.parent == uploads.resolve()
    body = {"customers_file_path": str(customers), "purchased_file_path": str(purchases)}
    assert operator.post("/api/import-csv", body, content_type="application/json").status_code == 403


def test_uploads_are_kept_for_a_day_and_for_the_imports_that_wait(operator: Client, uploads: Path) -> None:
    for _ in range(3):
        hand_over(operator)
    waiting, over, recent = ImportRun.objects.order_by("pk")
    ImportRun.objects.exclude(pk=waiting.pk).update(status="completed")
    for run in (waiting, over):
        os.utime(Path(run.customers_file_path).parent, (0, time.time() - 24 * 3600 - 1))

    drop_old_uploads()

    assert [Path(run.customers_file_path).exists() for run in (waiting, over, recent)] == [True, False, True]


def test_a_run_that_came_to_nothing_is_tried_again(operator: Client) -> None:
    hand_over(operator)
    ImportRun.objects.update(status="interrupted")
    run = ImportRun.objects.get()
    page = operator.get(f"{LIST}{run.pk}/import_again/")
    operator.post(page.request["PATH_INFO"], {"csrfmiddlewaretoken": str(page.context["csrf_token"])})
    run_queued_imports()
    assert list(ImportRun.objects.order_by("pk").values_list("status", flat=True)) == ["interrupted", "completed"]


def test_a_dry_run_whose_files_are_gone_says_so(operator: Client, do_import: Import) -> None:
    dry = do_import(dry_run=True)
    ImportRun.objects.update(customers_file_path="/gone.csv")
    page = operator.get(f"{LIST}{dry.pk}/import_again/")
    answer = operator.post(
        page.request["PATH_INFO"], {"csrfmiddlewaretoken": str(page.context["csrf_token"])}, follow=True
    )
    assert "upload them again" in answer.content.decode()
    assert ImportRun.objects.count() == 1


def test_what_is_imported_is_not_imported_again(operator: Client, do_import: Import) -> None:
    run = do_import()
    assert f"{LIST}{run.pk}/import_again/" not in operator.get(f"{LIST}{run.pk}/change/").content.decode()
    page = operator.get(LIST)
    chosen = {
        "action": "import_again",
        "_selected_action": [run.pk],
        "csrfmiddlewaretoken": str(page.context["csrf_token"]),
    }
    assert "has already imported its files" in operator.post(LIST, chosen, follow=True).content.decode()
    assert ImportRun.objects.count() == 1
