"""`manage.py import_csv`: exit status, summary, rejects file, sending."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inflight.models import Customer
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMER_HEADER, CUSTOMERS, PURCHASE_HEADER, PURCHASES

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(write: Callable[..., str]) -> tuple[str, str]:
    return write("customers.csv", CUSTOMERS), write("purchases.csv", PURCHASES)


@pytest.fixture
def bad_files(write: Callable[..., str]) -> tuple[str, str]:
    return write("c.csv", CUSTOMERS), write("p.csv", [PURCHASE_HEADER, "1/1;9;P;1;1;EUR;2024-01-01"])


def test_a_clean_import_prints_a_summary_and_exits_0(files: tuple[str, str]) -> None:
    out = StringIO()
    call_command("import_csv", *files, stdout=out)
    summary = " ".join(out.getvalue().replace("│", " ").split())
    assert "customers 2 2 0 0 0 0" in summary
    assert "purchases 3 3 0 0 0 0" in summary


def test_rejects_exit_with_2_and_are_written_to_the_file(bad_files: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as exit_:
        call_command("import_csv", *bad_files, rejects=str(tmp_path / "rejects.csv"), stdout=StringIO())
    assert exit_.value.code == 2
    assert "neither in the customers file nor in the database" in (tmp_path / "rejects.csv").read_text()


def test_an_unusable_file_exits_with_1_and_says_why(files: tuple[str, str], write: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match="lacks the columns") as error:
        call_command("import_csv", files[0], write("bad.csv", [CUSTOMER_HEADER]))
    assert error.value.returncode == 1


def test_a_dry_run_changes_nothing(files: tuple[str, str]) -> None:
    out = StringIO()
    call_command("import_csv", *files, dry_run=True, stdout=out)
    assert "dry run" in out.getvalue()
    assert not Customer.objects.exists()


def test_send_delivers_what_is_new(files: tuple[str, str], partner: Partner) -> None:
    out = StringIO()
    call_command("import_csv", *files, send=True, stdout=out)
    assert "delivered, 1 batches" in out.getvalue()
    assert len(partner.customers) == 2
