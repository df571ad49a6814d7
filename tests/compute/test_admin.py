"""Jobs in the admin."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from compute.models import Job
from compute.services import jobs
from tests.compute.tables import write_table


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


def test_operators_find_jobs_and_cancel_those_that_wait(operator: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    waiting, done = (
        jobs.submit_job(jobs.Request("stats", {"columns": ["a"], "by": []}, "table.csv", sub), fresh=True)
        for sub in ("ana", "bob")
    )
    Job.objects.filter(pk=done.pk).update(status=Job.Status.DONE, result_path="results/x.csv")
    page = reverse("admin:compute_job_changelist")

    assert b"ana" in operator.get(page, {"q": "ana"}).content
    answer = operator.post(
        page,
        {"action": "cancel", "_selected_action": [waiting.pk, done.pk]},
        follow=True,
        headers={"Accept": "text/html"},
    )

    assert b"has ended already" in answer.content
    assert set(Job.objects.values_list("pk", "status")) == {(waiting.pk, "cancelled"), (done.pk, "done")}


def test_nobody_edits_a_job(operator: Client, compute_root: Path) -> None:
    write_table(compute_root, "csv", [{"a": 1}])
    job = jobs.submit_job(jobs.Request("stats", {"columns": ["a"], "by": []}, "table.csv", "ana"), fresh=True)

    page = operator.get(reverse("admin:compute_job_change", args=[job.pk]))

    assert page.status_code == 200
    assert b'name="_save"' not in page.content
