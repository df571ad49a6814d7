"""What a record holds to: its transaction, who is known, what must not be in it, how long it stays."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import Product
from catalog.services import products
from compute.exceptions import FileExists
from compute.files.ownership import Requester
from compute.files.services import rename_file
from config.access import audit
from config.access.acts import ActMiddleware
from config.core.actors import Actor, acting, current_actor
from config.models import AuditEntry
from inflight.models import Delivery
from inflight.services import deliveries
from tests.audit.entries import acts, entries
from tests.factories import CustomerFactory
from tests.factories_catalog import ProductFactory

pytestmark = pytest.mark.django_db
commits = pytest.mark.django_db(transaction=True)

PASSWORD = "a good long one"
EVERYBODY = Requester("ana", sees_all=True, changes_all=True)
ANA = Actor("user", "ana", "192.0.2.1", "request-1")


class TakenBackError(Exception):
    """Something went wrong after the change."""


# --- One transaction ---------------------------------------------------------------------------------------------------


@commits
def test_an_act_that_is_rolled_back_leaves_no_record() -> None:
    product, delivery = ProductFactory(), Delivery.objects.create(status="sending")
    with pytest.raises(TakenBackError):
        take_back(product, delivery)
    assert entries() == []


def take_back(product: Product, delivery: Delivery) -> None:
    with acting(lambda: ANA), transaction.atomic():
        products.update_product(product.pk, name="other")
        deliveries.pause_delivery(delivery)
        assert acts() == ["update_product", "pause_delivery"]
        raise TakenBackError


@commits
def test_what_cannot_be_recorded_is_not_done(house: Path) -> None:
    """A database that refuses the record, as a full or broken one does."""
    product, delivery = ProductFactory(name="old"), Delivery.objects.create(status="sending")
    with refusing_records(), acting(lambda: ANA):
        with pytest.raises(IntegrityError):
            products.update_product(product.pk, name="new")
        with pytest.raises(IntegrityError):
            deliveries.pause_delivery(delivery)
        with pytest.raises(IntegrityError):
            rename_file("table.csv", to="other.csv", overwrite=False, requester=EVERYBODY)
    assert Product.objects.get().name == "old"
    assert not Delivery.objects.get().is_paused
    assert (house / "compute" / "table.csv").exists()


@commits
def test_who_cannot_be_recorded_reads_no_list() -> None:
    CustomerFactory(last_name="Zwölfaxing")
    with refusing_records():
        answer: Any = APIClient(raise_request_exception=False).get("/api/customers")
    assert (answer.status_code, "Zwölfaxing" in answer.content.decode()) == (500, False)


class refusing_records:  # noqa: N801 - used like a function
    """Have the database refuse every row of the audit for a while."""

    def __enter__(self) -> None:
        self._alter("ADD CONSTRAINT nobody CHECK (act = '')", "CREATE TRIGGER nobody BEFORE INSERT ON config_auditentry BEGIN "
                    "SELECT RAISE(ABORT, 'CHECK constraint failed: nobody'); END")  # fmt: skip

    def __exit__(self, *_: object) -> None:
        self._alter("DROP CONSTRAINT nobody", "DROP TRIGGER nobody")

    def _alter(self, on_postgresql: str, on_sqlite: str) -> None:
        with connection.cursor() as cursor:
            is_postgresql = connection.vendor == "postgresql"
            cursor.execute(f"ALTER TABLE config_auditentry {on_postgresql}" if is_postgresql else on_sqlite)


def test_a_file_that_could_not_be_renamed_leaves_no_record(house: Path) -> None:
    (house / "compute" / "other.csv").write_text("a\n")
    with acting(lambda: ANA), pytest.raises(FileExists):
        rename_file("table.csv", to="other.csv", overwrite=False, requester=EVERYBODY)
    assert entries() == []


# --- Who --------------------------------------------------------------------------------------------------------------


def actor_seen(**meta: Any) -> Actor:
    seen: list[Actor] = []

    def view(_: HttpRequest) -> HttpResponse:
        actor = current_actor()
        assert actor
        seen.append(actor)
        return HttpResponse()

    ActMiddleware(view)(RequestFactory().get("/", **meta))
    return seen[0]


def test_nobody_acts_outside_of_a_request() -> None:
    assert actor_seen().kind == "visitor"
    assert current_actor() is None


@pytest.mark.parametrize(
    ("told", "kept"),
    [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("fe80::1%eth0", "fe80::1"), ("", ""), ("unix:", "")],
)
def test_an_address_is_kept_as_one_looks_for_it(told: str, kept: str) -> None:
    assert actor_seen(REMOTE_ADDR=told).address == kept


def test_behind_a_proxy_the_address_is_the_callers(settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert actor_seen(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.9").address == "192.0.2.9"


def test_a_session_does_not_make_an_api_call_a_users() -> None:
    client = Client(headers={"Authorization": "Bearer test-token"})
    client.force_login(User.objects.create_superuser("olga"))
    client.post("/api/products", {"name": "A", "description": ""}, content_type="application/json")
    assert [entry[:2] for entry in entries()] == [("client", "api-token")]


def test_a_long_subject_and_a_long_path_are_cut() -> None:
    with acting(lambda: Actor("client", "s" * 300)):
        audit.record("x", audit.Target("compute.file", "p" * 300))
    (entry,) = AuditEntry.objects.all()
    assert (len(entry.actor), len(entry.object_key)) == (255, 255)


# --- Logins -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def browser() -> Client:
    User.objects.create_user("vera", password=PASSWORD, is_staff=True)
    return Client(REMOTE_ADDR="192.0.2.5", HTTP_X_REQUEST_ID="login-request")


def test_a_login_and_a_logout_are_recorded(browser: Client) -> None:
    browser.post("/login", {"username": "vera", "password": PASSWORD})
    browser.post("/logout")
    browser.post("/logout")
    about = ("auth.user", str(User.objects.get().pk))
    assert entries() == [
        ("user", "vera", "192.0.2.5", "login-request", act, *about) for act in ("login", "logout")
    ]  # and the second logout is nobody's


def test_a_failed_login_is_recorded_with_the_account_where_there_is_one(browser: Client) -> None:
    browser.post("/login", {"username": "vera", "password": "wrong"})
    (entry,) = AuditEntry.objects.all()
    assert (entry.actor_type, entry.address, entry.act, entry.object_key) == (
        "visitor", "192.0.2.5", "login_failed", str(User.objects.get().pk),
    )  # fmt: skip
    assert entry.details == {"account": "vera"}


def test_a_password_that_was_typed_as_the_name_is_not_recorded(browser: Client) -> None:
    browser.post("/login", {"username": "hunter2 is my password", "password": ""})
    browser.post("/login", {"username": "hunter2 is my password", "password": "x"})
    assert "hunter2" not in str(list(AuditEntry.objects.values()))
    assert AuditEntry.objects.get().details == {"account": "unknown"}


def test_a_hash_that_is_made_anew_at_a_login_is_no_change_of_the_password(browser: Client) -> None:
    User.objects.update(password=make_password(PASSWORD, salt="short"))  # as an earlier Django made it
    before = User.objects.get().password
    browser.post("/login", {"username": "vera", "password": PASSWORD})
    assert (User.objects.get().password != before, acts()) == (True, ["login"])


def test_a_password_and_its_hash_are_nowhere(browser: Client) -> None:
    with acting(lambda: ANA):
        user = User.objects.get()
        user.set_password("another long one")
        user.save()
    (entry,) = AuditEntry.objects.all()
    assert entry.changes == {"password": ["(hidden)", "(hidden)"]}


def test_permissions_of_a_group_are_recorded_once_for_each_change() -> None:
    group = Group.objects.create(name="own")
    with acting(lambda: ANA):
        group.permissions.set([1, 2])
        group.permissions.set([2])
    assert [list(entry.changes["permissions"]) for entry in AuditEntry.objects.order_by("pk")] == [["add"], ["delete"]]


# --- How long ---------------------------------------------------------------------------------------------------------


def old_entries(number: int, days: int) -> None:
    at = timezone.now() - timedelta(days=days)
    AuditEntry.objects.bulk_create(AuditEntry(at=at, actor_type="user", act="x") for _ in range(number))


def test_entries_are_dropped_after_their_time(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AUDIT_RETENTION_DAYS = 30
    monkeypatch.setattr(audit, "DROP_BATCH", 4)
    old_entries(9, days=31)
    old_entries(2, days=29)
    assert audit.drop_old_entries() == 9
    assert AuditEntry.objects.count() == 2


def test_dropping_ends_with_its_time(settings: Any) -> None:
    old_entries(3, days=9999)
    assert audit.drop_old_entries(seconds=0) == 0
    assert AuditEntry.objects.count() == 3
