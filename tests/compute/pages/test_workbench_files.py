"""Files at the workbench: renamed and deleted."""

from pathlib import Path

import pytest
from django.test import Client

from tests.compute.pages.workbench import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(compute_root: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (compute_root / name).write_text(f"{name}\n1\n")


def test_a_file_gets_another_name(ana: Client, compute_root: Path) -> None:
    answer = ana.post("/workbench/rename/a.csv", {"to": "2026/c d.csv"})
    assert (answer.status_code, answer["Location"]) == (302, "/workbench/files/2026/c%20d.csv")
    assert (compute_root / "2026/c d.csv").read_text() == "a.csv\n1\n"


def test_a_name_that_is_taken_is_said_on_the_page(ana: Client, compute_root: Path) -> None:
    answer = ana.post("/workbench/rename/a.csv", {"to": "b.csv"})
    assert answer.status_code == 409
    assert "A file with this name exists." in text_of(answer)
    assert 'value="b.csv"' in answer.content.decode()
    assert (compute_root / "b.csv").read_text() == "b.csv\n1\n"

    assert ana.post("/workbench/rename/a.csv", {"to": "b.csv", "overwrite": "on"}).status_code == 302
    assert (compute_root / "b.csv").read_text() == "a.csv\n1\n"


def test_a_file_is_deleted(ana: Client, compute_root: Path) -> None:
    answer = ana.post("/workbench/delete/a.csv")
    assert (answer.status_code, answer["Location"]) == (302, "/workbench")
    assert not (compute_root / "a.csv").exists()
