"""Dashboards and alerting rules against what a running Apron exposes, and against the runbook."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from tests.fakes.faulty import free_port, wait_until
from tests.fakes.partner import Partner
from tests.metrics import Samples, parse, value
from tests.ops.expressions import DASHBOARDS, OPS, metric_names, panels, queries, rules
from tests.processes import ROOT, System, running_system

TOKEN = {"Authorization": "Bearer test-token"}
ALERTS = [rule["alert"] for rule in rules()]


@pytest.fixture(scope="module")
def worker_port() -> int:
    with free_port() as port:
        return port


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, worker_port: int) -> Iterator[System]:
    """One that has imported, delivered, and computed."""
    folder = tmp_path_factory.mktemp("ops")
    shutil.copytree(ROOT / "sample_data" / "compute", folder / "compute")
    with Partner() as partner:
        environment = {
            "METRICS_DIR": str(folder / "metrics"),
            "WORKER_METRICS_PORT": str(worker_port),
            "CUSTOMERS_API_URL": partner.customers_url,
            "COMPUTE_ROOT": str(folder / "compute"),
            "IMPORT_ROOTS": str(ROOT / "sample_data"),
        }
        with running_system(folder, **environment) as running:
            running.start("run_worker")
            running.start_web()
            files = {"customers_file_path": "customers.csv", "purchased_file_path": "purchases.csv"}
            paths = {name: f"sample_data/{file}" for name, file in files.items()}
            assert requests.post(f"{running.url}/import-csv", json=paths, timeout=30).status_code == 201
            assert requests.post(f"{running.url}/send-customers", timeout=30).status_code == 200
            question = {"file_path": "sales.csv", "columns": ["price"]}
            asked = requests.post(f"{running.url}/compute/stats", json=question, headers=TOKEN, timeout=30)
            assert asked.status_code == 200, asked.text
            yield running


def scrape(address: str) -> Samples:
    return parse(requests.get(address, timeout=10).text)


@pytest.fixture(scope="module")
def samples(system: System) -> Samples:
    def with_the_job() -> Samples:
        found = scrape(f"{system.url}/metrics")
        return found if any(name == "apron_job_duration_seconds_count" for name, _ in found) else {}

    # A worker counts a job when it has said that the job is done.
    return wait_until(with_the_job, what="the job in the metrics")


def test_what_processes_did_is_told(samples: Samples) -> None:
    answered = {"route": "/api/import-csv", "method": "POST", "status": "201"}
    assert value(samples, "apron_http_request_duration_seconds_count", **answered) == 1
    rows = {
        file: value(samples, "apron_import_rows_total", file=file, outcome="inserted")
        for file in ("customers", "purchases")
    }
    assert rows == {"customers": 5, "purchases": 6}
    taken = value(samples, "apron_outgoing_request_duration_seconds_count", service="partner API", status="2xx")
    assert taken == 1
    ended = {"operation": "stats", "engine": "duckdb", "status": "done"}
    assert value(samples, "apron_job_duration_seconds_count", **ended) == 1


def test_the_worker_tells_what_its_machine_counted_at_a_port_of_its_own(system: System, worker_port: int) -> None:
    here = scrape(f"http://127.0.0.1:{worker_port}/metrics")
    ended = {"operation": "stats", "engine": "duckdb", "status": "done"}
    assert value(here, "apron_job_duration_seconds_count", **ended) == 1
    assert not any(name.startswith(("apron_jobs", "apron_database")) for name, _ in here)


def test_each_metric_of_a_rule_is_exposed(samples: Samples) -> None:
    exposed = {name for name, _ in samples}
    missing = {rule["alert"]: metric_names(rule["expr"]) - exposed for rule in rules()}
    assert {alert: names for alert, names in missing.items() if names} == {}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda file: file.stem)
def test_each_metric_of_a_dashboard_is_exposed(samples: Samples, dashboard: Path) -> None:
    exposed = {name for name, _ in samples}
    used = set().union(*map(metric_names, queries(dashboard)))
    assert len(used) > 10
    assert used - exposed == set()


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda file: file.stem)
def test_a_dashboard_asks_the_source_that_is_chosen_and_its_panels_stand_beside_each_other(dashboard: Path) -> None:
    places: dict[tuple[int, int], int] = {}
    for panel in panels(dashboard):
        sources = [panel["datasource"]["uid"]] if "datasource" in panel else []
        sources += [target["datasource"]["uid"] for target in panel.get("targets", [])]
        assert set(sources) <= {"${datasource}"}
        assert panel["type"] == "row" or sources
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert places.setdefault((x, y), panel["id"]) == panel["id"], panel["title"]
                assert x < 24


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_has_a_severity_and_its_line_in_the_runbook(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor == str(rule["alert"]).lower()
    assert rule["alert"] in headings


def test_the_runbook_has_no_alert_that_is_gone() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    assert sorted(re.findall(r"^#+ (Apron[A-Z]\w+)$", text, re.MULTILINE)) == sorted(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_tried_firing_and_silent(alert: str) -> None:
    tests = yaml.safe_load((OPS / "alerts_test.yml").read_text())["tests"]
    tried = [
        bool(each["exp_alerts"]) for test in tests for each in test["alert_rule_test"] if each["alertname"] == alert
    ]
    assert set(tried) == {True, False}
