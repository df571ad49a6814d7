"""The workbench's jobs: followed, cancelled, their results shown and taken away."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from compute.models import Job
from tests.compute.pages.workbench import done_job, text_of
from tests.compute.tables import write_table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_waits(settings: Any) -> None:
    settings.COMPUTE_WAITERS = 0


def test_a_result_with_one_number_per_group_is_drawn(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": "x<", "p": 1}, {"a": "y", "p": -3}, {"a": "", "p": 2}])
    job = done_job("group_by", {"by": ["a"], "aggregations": {"p": ["sum", "count"]}})
    page = text_of(ana.get(f"/workbench/jobs/{job.pk}"))
    (data,) = re.findall(r'<script id="result-chart-data" type="application/json">(.+)</script>', page)
    assert json.loads(data)["table"] == {
        "columns": [
            {"name": "a", "kind": "text", "key": True},
            {"name": "p_sum", "kind": "number"},
            {"name": "p_count", "kind": "number"},
        ],
        "rows": [["x<", "1", "1"], ["y", "-3", "1"], [None, "2", "1"]],
    }


@pytest.mark.parametrize(
    ("operation", "parameters"), [("stats", {"columns": ["p"], "by": []}), ("non_null", {"columns": ["a"]})]
)
def test_other_results_are_tables_only(
    ana: Client, compute_root: Path, operation: str, parameters: dict[str, Any]
) -> None:
    write_table(compute_root, "csv", [{"a": "x", "p": 1}])
    job = done_job(operation, parameters)
    page = text_of(ana.get(f"/workbench/jobs/{job.pk}"))
    assert "Rows of the result" in page
    assert 'class="bar"' not in page


def test_a_result_in_another_format_of_a_changed_file_is_another_job(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": "x"}])
    job = done_job("non_null", {"columns": ["a"]})
    write_table(compute_root, "csv", [{"a": "x"}, {"a": "y"}])
    answer = ana.post(f"/workbench/jobs/{job.pk}/as", {"output_format": "json"})
    other = Job.objects.get(output_format="json", operation="non_null")
    assert answer["Location"] == f"/workbench/jobs/{other.pk}"
    assert ana.post(f"/workbench/jobs/{job.pk}/as", {"output_format": "xls"}).status_code == 400


def test_a_result_of_a_file_just_written_in_another_format_is_another_job(
    ana: Client, compute_root: Path, margin: Callable[[int], None]
) -> None:
    write_table(compute_root, "csv", [{"a": "x"}])
    margin(3600 * 10**9)
    job = done_job("non_null", {"columns": ["a"]})
    margin(0)
    other = done_job("non_null", {"columns": ["a"]}, output_format="json")
    answer = ana.post(f"/workbench/jobs/{job.pk}/as", {"output_format": "json"})
    assert answer["Location"] == f"/workbench/jobs/{other.pk}"
    answer = ana.post(f"/workbench/jobs/{other.pk}/as", {"output_format": "json"})
    assert answer["Location"] == f"/workbench/download/{other.result_path}"


def test_a_job_is_followed_and_cancelled(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    ana.post("/workbench/files/table.csv?compute=describe:a", {"ask": "answer"})
    job = Job.objects.get(operation="stats")
    page = text_of(ana.get(f"/workbench/jobs/{job.pk}"))
    assert f'data-watch="/workbench/jobs/{job.pk}/status"' in page
    answer = ana.get(f"/workbench/jobs/{job.pk}/status")
    assert answer.json() == {"status": "queued", "progress": 0.0, "is_settled": False, "seconds_left": None}
    assert "no-store" in answer["Cache-Control"]
    for _ in range(2):  # the second comes too late and does no harm
        page = text_of(ana.post(f"/workbench/jobs/{job.pk}/cancel", follow=True))
        assert "Cancelled on request." in page


def test_why_a_job_failed_is_on_its_page(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    ana.post("/workbench/files/table.csv?compute=describe:a", {"ask": "answer"})
    job = Job.objects.get(operation="stats")
    Job.objects.filter(pk=job.pk).update(status="failed", error="It holds <b>.")
    assert "It holds &lt;b&gt;." in text_of(ana.get(f"/workbench/jobs/{job.pk}"))


def test_the_jobs_are_listed_newest_first_everyones_and_ones_own(ana: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    done_job("stats", {"columns": ["a"], "by": []})
    (one,) = Job.objects.exclude(operation="preview")
    copies = [Job(**{f.attname: getattr(one, f.attname) for f in Job._meta.fields} | {"id": None}) for _ in range(60)]
    Job.objects.bulk_create(copies)
    Job.objects.filter(pk=one.pk).update(sub="operator")
    page = text_of(ana.get("/workbench/jobs"))
    following = re.search(r'href="(\?after=\d+)" rel="next"', page)
    assert following
    seen = re.findall(r'href="/workbench/jobs/(\d+)"', page + text_of(ana.get("/workbench/jobs" + following[1])))
    everyones = Job.objects.exclude(operation="preview").order_by("-id").values_list("pk", flat=True)
    assert seen == [str(pk) for pk in everyones]
    assert re.findall(r'href="/workbench/jobs/(\d+)"', text_of(ana.get("/workbench/jobs?mine"))) == [str(one.pk)]


@pytest.mark.parametrize(
    "path", ["jobs/99999", "jobs/99999/status", "jobs?after=x", "jobs?after=" + "9" * 40, "download/no.csv"]
)
def test_an_address_made_by_hand_does_no_harm(ana: Client, path: str) -> None:
    assert ana.get(f"/workbench/{path}").status_code in {200, 404}
