"""The first lines of the admin's first page: what needs a person, and the button that mends it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone
from django_q.models import Failure

from catalog.models import Product, ProductImport, ProductReject, RefreshRun
from compute.models import Job
from config.models import Alert, AlertMessage, WorkerHeartbeat
from config.monitoring import attention
from inflight.models import Delivery, ImportReject, ImportRun, Pickup
from ingest.models import DataEntry
from tests.rows import make_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _worker() -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(name="host:1", started_at=now, beat_at=now)


def client_of(role: str) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client(headers={"Accept": "text/html"})
    client.force_login(user)
    return client


def lines_of(client: Client) -> list[tuple[str, str, str]]:
    """Return what the page says, and of each line its button with where it leads."""
    return [(line.text, line.button, line.link) for line in client.get("/admin/").context["needs"].lines]


def import_run(status: str = "completed_with_rejects", **values: Any) -> ImportRun:
    run = ImportRun(status=status, finished_at=timezone.now(), customers_file_path="/c", **values)
    run.save()
    return run


def rejects(run: ImportRun) -> ImportRun:
    ImportReject.objects.create(run=run, file="purchases", line=2, reasons=[], raw="a", row={})
    return run


def run_with_rejects() -> str:
    return f"/admin/inflight/importrun/{rejects(import_run()).pk}/mend/"


def product_import_with_rejects() -> str:
    run = ProductImport.objects.create(status="completed_with_rejects")
    ProductReject.objects.create(run=run, line=2, reasons=[], raw="a", row={})
    return f"/admin/catalog/productimport/{run.pk}/mend/"


def failed_run() -> str:
    return f"/admin/inflight/importrun/{import_run('interrupted').pk}/import_again/"


def delivery(operation: str, status: str, **values: Any) -> Callable[[], str]:
    return lambda: f"/admin/inflight/delivery/{Delivery.objects.create(status=status, **values).pk}/{operation}/"


def made(model: Any, link: str, **values: Any) -> Callable[[], str]:
    """Return what makes a row like those of tests/rows.py but for some values; of the link, its key is put in."""

    def make() -> str:
        make_rows(model, 1)
        model.objects.update(**values)
        return link.format(model.objects.get().pk)

    return make


NOW = timezone.now()
NEEDS: dict[str, Callable[[], str]] = {
    "has rejected rows that are not corrected yet": run_with_rejects,
    "Product import": product_import_with_rejects,
    "failed: none of its rows was imported": failed_run,
    "failed. Customers not delivered: 0.": delivery("retry", "failed"),
    "waits for the partner; a worker tries again in": delivery("retry", "waiting", next_attempt_at=NOW + timedelta(hours=1)),
    "is paused.": delivery("resume", "sending", is_paused=True),
    "Pickup 1 failed": made(Pickup, "/admin/inflight/pickup/{}/change/", status="failed", finished_at=NOW),
    "Products refused by the offers service: 1": made(
        Product, "/admin/catalog/product/?registration__exact=failed", registration="failed"
    ),
    "did not complete: stopped": made(RefreshRun, "/admin/catalog/refreshrun/{}/change/", status="stopped"),
    "Products without offers after the last refresh: 3": made(RefreshRun, "/admin/catalog/refreshrun/{}/change/", failures=3),
    "Kafka refused entries: 1": made(
        DataEntry, "/admin/ingest/dataentry/?state=refused", refusal="too large", published_at=None
    ),
    "Entries have waited for Kafka for 2 d": made(
        DataEntry, "/admin/ingest/dataentry/?state=waiting", refusal="", published_at=None, created_at=NOW - timedelta(days=2)
    ),
    "Jobs failed in the last 24 hours: 1": made(
        Job, "/admin/compute/job/?status__exact=failed", status="failed", error="x", finished_at=NOW
    ),
    "The disk of TMPDIR is nearly full": made(
        Alert, "/admin/config/alert/{}/change/", source="disk", severity="warning", status="open", ended_at=None,
        title="The disk of TMPDIR is nearly full",
    ),
    "Alert messages given up in the last 24 hours": made(
        AlertMessage, "/admin/config/alertmessage/?status__exact=failed", status="failed", created_at=NOW
    ),
    "Background tasks failed in the last 24 hours: 1": made(Failure, "/admin/django_q/failure/", stopped=NOW),
}  # fmt: skip


def test_a_house_in_order_says_so_plainly(admin_client: Client) -> None:
    page = admin_client.get("/admin/")
    assert page.context["needs"].lines == []
    assert "Nothing needs attention." in page.content.decode()


def test_who_sees_only_a_part_is_told_that_it_is_one() -> None:
    make_rows(Product, 1)
    Delivery.objects.create(status="failed")
    page = client_of("analyst").get("/admin/").content.decode()
    assert "Nothing that you may see needs attention." in page


@pytest.mark.parametrize("said", NEEDS)
def test_each_thing_is_a_line_whose_button_leads_to_what_mends_it(admin_client: Client, said: str) -> None:
    link = NEEDS[said]()
    [(text, button, leads_to)] = lines_of(admin_client)
    assert said in text
    assert button
    assert leads_to == link
    assert admin_client.get(link).status_code == 200
    page = admin_client.get("/admin/").content.decode()
    assert re.search(rf'<a href="{re.escape(link)}"[^>]*>\s*{button}', page.replace("&amp;", "&"))


@pytest.mark.parametrize(
    "said",
    [
        "has rejected rows that are not corrected yet",
        "failed: none of its rows was imported",
        "failed. Customers not delivered: 0.",
        "is paused.",
    ],
)
def test_who_may_not_mend_it_is_led_to_where_it_is_seen(said: str) -> None:
    link = urlsplit(NEEDS[said]()).path
    [(_, button, leads_to)] = lines_of(client_of("viewer"))
    row = link.rstrip("/").rpartition("/")[0]
    assert (button, leads_to) == ("View", f"{row}/change/")


def test_a_worker_that_is_not_there_is_a_line(admin_client: Client) -> None:
    WorkerHeartbeat.objects.all().delete()
    [(text, _, link)] = lines_of(admin_client)
    assert text.startswith("Worker does not work: No worker has ever run")
    assert link == "/admin/config/workerheartbeat/"


@pytest.mark.parametrize(
    "make",
    [
        import_run,  # all of its rejects were mended
        lambda: rejects(import_run(dry_run=True)),
        lambda: rejects(import_run(mends=import_run("completed"))),
        lambda: rejects(import_run(created_at=NOW - timedelta(days=91))),
        lambda: import_run("failed", created_at=NOW - timedelta(days=2)),
        lambda: (import_run("failed"), import_run("completed")),  # of the same files
        lambda: Delivery.objects.create(status="sending"),
        lambda: (Delivery.objects.create(status="failed"), Delivery.objects.create(status="delivered", only="all")),
    ],
)
def test_what_is_done_or_goes_on_needs_nobody(admin_client: Client, make: Callable[[], Any]) -> None:
    make()
    assert lines_of(admin_client) == []


def test_many_of_a_kind_are_one_line_and_what_goes_on_by_itself_comes_last(admin_client: Client) -> None:
    for number in range(attention.MOST_NAMED + 1):
        rejects(import_run())
        Delivery.objects.create(status="failed", only="changed")
        assert len(lines_of(admin_client)) == 2 * number + 2 or number == attention.MOST_NAMED
    Delivery.objects.create(status="sending", is_paused=True)
    lines = [text for text, _, _ in lines_of(admin_client)]
    assert lines[0] == "4 deliveries failed."
    assert lines[1] == "4 imports have rejected rows that are not corrected yet."
    assert lines[2].endswith("is paused.")


def test_a_part_that_cannot_be_read_is_not_taken_for_one_in_order(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise RuntimeError("boom")

    monkeypatch.setattr(attention, "_providers", [attention._Provider("config.view_alert", broken)])
    [(text, _, _)] = lines_of(admin_client)
    assert "could not be checked" in text


def test_who_may_look_at_nothing_is_told_nothing() -> None:
    user = User.objects.create_user("nobody", is_staff=True)
    user.user_permissions.set(Permission.objects.none())
    client = Client(headers={"Accept": "text/html"})
    client.force_login(user)
    assert "Needs attention" not in client.get("/admin/").content.decode()
