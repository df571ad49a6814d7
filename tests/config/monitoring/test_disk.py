"""How full the disks are, as /health, the metrics and the alerts tell it. The disks are real, and small."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from config.models import Alert
from config.monitoring.alerts.observing import observe
from tests.disks import fill, run_in_a_namespace, small_disk

pytestmark = pytest.mark.django_db

SIZE = 4 * 1024 * 1024
OURS = {"folder": "IMPORT_UPLOADS"}
LOW = SIZE // 10  # between a fifth, of which operators are told, and a twentieth, which is to stay free


@pytest.fixture
def small(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The disk of IMPORT_UPLOADS."""
    with small_disk(tmp_path / "secret-name", SIZE) as folder:
        settings.IMPORT_UPLOADS = str(folder)
        yield folder


def disk(api: APIClient) -> Any:
    return api.get("/api/health").json()["checks"]["disk"]


def test_health_tells_of_each_folder_by_its_setting(api: APIClient, small: Path) -> None:
    part = disk(api)
    assert part["folders"]["IMPORT_UPLOADS"] == {"free_bytes": SIZE, "total_bytes": SIZE}
    assert {"COMPUTE_ROOT", "TMPDIR"} <= part["folders"].keys()


def test_a_full_disk_is_503_until_there_is_room(api: APIClient, small: Path) -> None:
    filler = fill(small)
    response = api.get("/api/health")
    part = response.json()["checks"]["disk"]
    assert (response.status_code, part["status"]) == (503, "down")
    assert "IMPORT_UPLOADS" in part["detail"]
    assert part["folders"]["IMPORT_UPLOADS"]["free_bytes"] == 0
    assert "secret-name" not in response.content.decode()

    filler.unlink()
    assert disk(api)["status"] == "ok"


def test_a_disk_that_is_nearly_full_is_down_before_it_is_full(api: APIClient, small: Path) -> None:
    fill(small, leave=SIZE // 25)
    assert disk(api)["status"] == "down"


def test_the_inbox_is_looked_at_where_it_is_a_folder(api: APIClient, settings: Any, small: Path) -> None:
    settings.IMPORT_INBOX = "s3://bucket/inbox"
    assert "IMPORT_INBOX" not in disk(api)["folders"]
    settings.IMPORT_INBOX = str(small)
    assert disk(api)["folders"]["IMPORT_INBOX"]["total_bytes"] == SIZE


def test_files_in_a_store_have_a_scratch_folder_here(api: APIClient, settings: Any, tmp_path: Path) -> None:
    settings.COMPUTE_ROOT = "s3://bucket/compute"
    assert "scratch" in (folders := disk(api)["folders"])
    assert "COMPUTE_ROOT" not in folders


def test_metrics_have_free_and_total_bytes(api: APIClient, small: Path) -> None:
    (small / "file").write_bytes(b"x" * 1024 * 1024)
    families = text_string_to_metric_families(api.get("/api/metrics").content.decode())
    told = {
        each.name: each.value for family in families for each in family.samples if OURS.items() <= each.labels.items()
    }
    assert told == {"apron_disk_free_bytes": SIZE - 1024 * 1024, "apron_disk_total_bytes": SIZE}


def alerts() -> list[tuple[str, str, str]]:
    found = Alert.objects.filter(source="disk", key="disk-IMPORT_UPLOADS").order_by("pk")
    return [(alert.state, alert.severity, alert.status) for alert in found]


def test_operators_are_told_before_a_disk_is_full_and_when_it_is(small: Path) -> None:
    now = datetime.now(UTC)
    observe(now)
    assert alerts() == []

    filler = fill(small, leave=LOW)
    observe(now)
    assert alerts() == [("low", "warning", "open")]

    fill(small)
    observe(now)
    assert alerts()[1:] == [("full", "error", "open")]
    assert "secret-name" not in Alert.objects.get(state="full").title + Alert.objects.get(state="full").detail

    filler.unlink()
    observe(now)
    assert alerts()[1:] == [("full", "error", "ending")]


def test_folders_of_one_disk_make_one_alert(settings: Any, small: Path) -> None:
    settings.IMPORT_INBOX = str(small)
    fill(small)
    observe(datetime.now(UTC))
    found = Alert.objects.get(key__in=["disk-IMPORT_UPLOADS", "disk-IMPORT_INBOX"])
    assert found.title == "The disk of IMPORT_UPLOADS and IMPORT_INBOX is full"


def test_in_a_namespace() -> None:
    run_in_a_namespace(os.path.relpath(__file__))
