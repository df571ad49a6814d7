"""Jobs in the admin."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from compute.jobs import services
from compute.models import Job
from tests.compute.tables import write_table


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


def test_operators_find_jobs_and_cancel_those_that_wait(operator: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    waiting, done = (
        services.submit_job(services.Request("stats", {"columns": ["a"], "by": []}, "table.csv", sub), fresh=True)
        for sub in ("ana", "bob")
    )
    Job.objects.filter(pk=done.pk).update(status=Job.Status.DONE, result_path="results/x.csv")
    page = reverse("admin:compute_job_changelist")
    chosen = {"action": "cancel", "_selected_action": [waiting.pk, done.pk]}

    assert b"ana" in operator.get(page, {"q": "ana"}).content
    asked = operator.post(page, chosen)

    assert f"job {waiting.pk} (statistics, queued)" in asked.content.decode()
    assert not Job.objects.filter(status="cancelled").exists()

    answer = operator.post(page, chosen | {"asked": "yes"}, follow=True)

    assert b"has ended already" in answer.content
    assert b"1 jobs are cancelled" in answer.content
    assert set(Job.objects.values_list("pk", "status")) == {(waiting.pk, "cancelled"), (done.pk, "done")}


def test_a_job_is_cancelled_from_its_page_which_asks_first(operator: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    job = services.submit_job(services.Request("stats", {"columns": ["a"], "by": []}, "table.csv", "ana"), fresh=True)
    path = reverse("admin:compute_job_cancel", args=[job.pk])

    assert b"running jobs are killed" in operator.get(path).content
    job.refresh_from_db()
    assert job.status == "queued"
    answer = operator.post(path, follow=True)

    job.refresh_from_db()
    assert job.status == "cancelled"
    assert path not in answer.content.decode()


def test_nobody_edits_a_job(operator: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    job = services.submit_job(services.Request("stats", {"columns": ["a"], "by": []}, "table.csv", "ana"), fresh=True)

    page = operator.get(reverse("admin:compute_job_change", args=[job.pk]))

    assert page.status_code == 200
    assert b'name="_save"' not in page.content
