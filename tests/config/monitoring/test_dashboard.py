"""The admin's first page: how the platform is, in numbers that lead to lists."""

import json
import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from compute.models import Job
from config.monitoring import dashboard
from config.monitoring.charts import HOURS, among_newest, per_hour
from config.monitoring.dashboard import Figure, Panel, duration
from inflight.models import Delivery, DeliveryBatch, ImportReject
from tests.rows import ROWS, make_rows

pytestmark = pytest.mark.django_db

MOST_QUERIES = 86


def panels_of(client: Client) -> dict[str, Panel]:
    return dict(client.get("/admin/").context["panels"])


def figures_of(panel: Panel) -> dict[str, Figure]:
    return {figure.label: figure for figure in panel.figures}


def test_an_empty_platform_says_what_to_do_next(admin_client: Client) -> None:
    page = admin_client.get("/admin/")
    said = {title: panel.next.text for title, panel in page.context["panels"] if panel.next}
    assert set(said) == {
        "Deliveries",
        "Last imports",
        "Catalogue",
        "Metadata registry",
        "Outbox to Kafka",
        "Compute jobs",
        "Alerts",
    }
    assert 'href="/admin/inflight/importrun/import_files/"' in page.content.decode()


def test_every_number_leads_to_a_page_that_is_there(admin_client: Client) -> None:
    for model in ROWS:
        make_rows(model, 3)
    page = admin_client.get("/admin/")
    links = {link for _, panel in page.context["panels"] for link in [figure.link for figure in panel.figures] if link}
    links |= {unescape(link) for link in re.findall(r'<td><a href="([^"]+)"', page.content.decode())}
    assert len(links) > 15
    assert {link: admin_client.get(link).status_code for link in links if urlsplit(link).path} == dict.fromkeys(
        links, 200
    )


def test_the_number_of_questions_does_not_grow_with_the_rows(admin_client: Client) -> None:
    counts = []
    for rows in (60, 120):
        for model in ROWS:
            make_rows(model, rows)
        with CaptureQueriesContext(connection) as asked:
            admin_client.get("/admin/")
        counts.append(len(asked))
    assert counts[1] <= counts[0] <= MOST_QUERIES


def test_deliveries_tell_what_waits_and_what_needs_a_person(admin_client: Client) -> None:
    now = timezone.now()
    Delivery.objects.create(status="failed")
    Delivery.objects.create(status="delivered", finished_at=now)
    Delivery.objects.create(status="delivered", finished_at=now - timedelta(days=2))
    waiting = Delivery.objects.create(status="waiting", next_attempt_at=now + timedelta(minutes=5))
    DeliveryBatch.objects.create(
        delivery=waiting, number=1, payload=b"", customers=7, status="acknowledged", acknowledged_at=now
    )

    panel = panels_of(admin_client)["Deliveries"]

    found = figures_of(panel)
    assert (found["failed"].value, found["failed"].tone, found["delivered in 24 h"].value) == ("1", "bad", "1")
    assert found["failed"].link == "/admin/inflight/delivery/?status__exact=failed"
    assert found["waiting; next attempt"].value in ("in 5 min", "in 4 min")
    (data,) = re.findall(r'<script id="[^"]+" type="application/json">(.+)</script>', panel.chart)
    (customers,) = json.loads(data)["series"]
    assert (customers["name"], customers["data"][-1][1]) == ("customers", 7)
    rows = admin_client.get(customers["links"][-1]).context["cl"].result_list
    assert [batch.customers for batch in rows] == [7]
    assert not admin_client.get(customers["links"][0]).context["cl"].result_list


def test_the_last_imports_lead_to_their_rejects(admin_client: Client) -> None:
    make_rows(ImportReject, 1)
    page = admin_client.get("/admin/").content.decode()
    assert '<td data-label="Rejected"><a href="/admin/inflight/importreject/?run__exact=1">1</a></td>' in page


def test_a_panel_is_for_those_who_may_look_at_what_is_in_it() -> None:
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_importrun"))
    client = Client()
    client.force_login(user)
    found = panels_of(client)
    assert list(found) == ["Last imports"]
    assert found["Last imports"].next == dashboard.Next(
        "No files have been imported yet.", "", "Import files", "inflight.import_files"
    )


def test_a_panel_that_breaks_leaves_the_others(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Panel:
        raise RuntimeError("out of order")

    monkeypatch.setattr(
        dashboard,
        "_providers",
        [dashboard._Provider("Broken", "inflight.view_delivery", broken), *dashboard._providers],
    )
    found = panels_of(admin_client)
    assert found["Broken"].figures[0].tone == "bad"
    assert "Deliveries" in found


def test_the_hours_are_counted_by_the_database() -> None:
    make_rows(Job, 3)
    this = timezone.now().replace(minute=0, second=0, microsecond=0)
    moments = [this, this - timedelta(hours=1), this - timedelta(hours=HOURS)]
    for job, moment in zip(Job.objects.order_by("pk"), moments, strict=True):
        Job.objects.filter(pk=job.pk).update(finished_at=moment)
    numbers = per_hour(Job.objects.all(), "finished_at")
    assert (len(numbers), numbers[-2:], sum(numbers)) == (HOURS, [1, 1], 2)


def test_only_the_newest_rows_are_read() -> None:
    make_rows(Job, 5)
    assert among_newest(Job.objects.all(), 2).count() == 2


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59, "59 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_durations_are_in_their_largest_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text
