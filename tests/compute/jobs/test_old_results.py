"""Results are kept for RESULT_RETENTION_DAYS, and what nobody asked for any longer than that is not."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from compute.files.storage import storage
from compute.jobs import services
from compute.models import Job
from tests.compute.tables import write_table

pytestmark = pytest.mark.django_db


def test_old_results_are_dropped_with_their_jobs_and_young_ones_kept(settings: Any, compute_root: Path) -> None:
    table = write_table(compute_root, "csv", [{"price": 1.5}])
    settings.RESULT_RETENTION_DAYS = 30
    days = {"old": 31, "young": 29}
    for name, age in days.items():
        job = services.submit_job(
            services.Request("stats", {"columns": ["price"], "by": []}, table.name, "ana"), fresh=True
        )
        place = Path(storage().results) / f"{name}.csv"
        place.write_text("a\n")
        Job.objects.filter(pk=job.pk).update(
            status=Job.Status.DONE,
            result_path=f"results/{name}.csv",
            finished_at=timezone.now() - timedelta(days=age),
        )
    stray = Path(storage().results) / "stray.csv"
    stray.write_text("a\n")
    os.utime(stray, (0, 0))

    services.drop_old_results()

    assert [place.name for place in Path(storage().results).iterdir()] == ["young.csv"]
    assert Job.objects.get().result_path == "results/young.csv"


def test_where_there_are_no_results_yet_none_are_dropped() -> None:
    services.drop_old_results()
