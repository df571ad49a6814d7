"""A profile at the workbench: asked for, and shown as cards with histograms."""

import json
from pathlib import Path

import pytest
from django.test import Client

from compute.models import Job
from compute.pages.charts import histogram, table_chart
from compute.pages.tables import table_of
from tests.compute.pages.workbench import done_job, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def table(compute_root: Path) -> None:
    (compute_root / "table.csv").write_text("shop,price\n<Nice>,1\n<Nice>,2.5\nCannes,\n")


@pytest.mark.parametrize("output_format", ["", "json", "parquet"])
def test_each_column_has_a_card(ana: Client, output_format: str) -> None:
    job = done_job("profile", {"columns": []}, output_format=output_format)

    page = text_of(ana.get(f"/workbench/jobs/{job.pk}"))

    assert page.count("column-") == 4
    assert "&lt;Nice&gt;" in page
    assert "Numbers of price from 1 to 2.5, in 20 bins: 1, 0," in page
    assert "<dt>Missing</dt><dd>1</dd>" in page


def test_it_is_asked_for_with_one_button(ana: Client) -> None:
    answer = ana.post("/workbench/files/table.csv", {"ask": "profile"})
    job = Job.objects.get(operation="profile")
    assert (answer["Location"], job.parameters) == ("/workbench/files/table.csv?#columns", {"columns": []})
    assert "profile of all columns" in text_of(ana.get("/workbench/jobs"))


def test_a_histogram_is_drawn_of_the_parts_as_they_were_counted() -> None:
    drawn = histogram("price", [{"from": 0, "to": 2.5, "count": 3}, {"from": 2.5, "to": 5, "count": 0}])
    assert drawn["parts"] == [[0.0, 2.5, 3], [2.5, 5.0, 0]]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["2026-01-02", None, "2026-01-03T10:00:00Z"], "date"),
        (["2026-01-02", "soon"], "text"),
        (["20", "3.5"], "number"),
        ([None], "text"),
    ],
)
def test_a_chart_knows_dates_numbers_and_texts(cells: list[str | None], kind: str) -> None:
    table = table_of(json.dumps([{"a": cell} for cell in cells]).encode(), [("a", "String")])
    assert table_chart(table, (), rows=9)["table"]["columns"] == [{"name": "a", "kind": kind}]
