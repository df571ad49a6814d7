"""Every page that does something, the workbench's and the admin's: what it leaves in the audit."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from catalog.models import ServiceToken
from config.access import clients
from config.access.scopes import Scope
from config.admin.audited import AuditedAdmin
from config.models import ApiClient, ApiKey, AuditEntry
from inflight.models import Delivery, DeliveryBatch, ImportReject, ImportRun
from ingest.models import DataEntry
from metadata_registry.services import delete_metadata
from tests.audit.entries import ADDRESS, REQUEST_ID, acts, entries, job
from tests.factories import CustomerFactory, PurchaseFactory
from tests.factories_catalog import ProductFactory
from tests.factories_metadata_registry import PAYLOAD, MetadataFactory

admin.autodiscover()
pytestmark = pytest.mark.django_db

PASSWORD = "a good long one"


def file(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"a\n1\n")


class Page(NamedTuple):
    """A page of one row, or of none: what is sent to it, and what is then recorded."""

    acts: list[str]
    row: Callable[[], Any] = str  # makes the row; returns its key
    data: Any = None  # or what makes it
    method: str = "post"


def delivery(status: str, **values: Any) -> Callable[[], int]:
    return lambda: int(Delivery.objects.create(status=status, **values).pk)


def sent_delivery() -> int:
    made = delivery("delivered")()
    DeliveryBatch.objects.create(delivery_id=made, number=1, payload=b"[]", customers=1, status="acknowledged")
    return made


def batch() -> int:
    values = {"delivery_id": delivery("failed")(), "number": 1, "payload": b"[]", "customers": 1}
    return int(DeliveryBatch.objects.create(**values).pk)


def deleted_metadata() -> Any:
    metadata = MetadataFactory()
    delete_metadata(str(metadata.pk), by="")
    return metadata.pk


def failed_run() -> int:
    house = settings.IMPORT_ROOTS[0]
    names = {"customers_file_path": f"{house}/customers.csv", "purchased_file_path": f"{house}/purchases.csv"}
    return int(ImportRun.objects.create(status="failed", **names).pk)


def own_files(house: Any) -> dict[str, Any]:
    return {
        name: SimpleUploadedFile(f"{name}.csv", (house / f"{name}.csv").read_bytes())
        for name in ("customers", "purchases")
    }


def user() -> int:
    return int(User.objects.create_user("vera", password=PASSWORD).pk)


def group(name: str = "own") -> int:
    return int(Group.objects.create(name=name).pk)


def token() -> int:
    return int(ServiceToken.objects.create(base_url="http://offers", token="secret").pk)


def entry(**values: Any) -> int:
    return int(DataEntry.objects.create(content={}, **values).pk)


def a_client() -> int:
    name = f"till-{ApiClient.objects.count()}"
    return int(clients.create_client(name=name, scopes=[Scope.DATA_WRITE])[0].pk)


NEW_USER = {"username": "new", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
CHANGED_USER = {
    "username": "vera",
    "is_active": "on",
    "is_staff": "on",
    "date_joined_0": "2026-01-01",
    "date_joined_1": "00:00",
}
YES, RUN = {"post": "yes"}, {"operation": "stats", "columns": "a"}
NO_OFFERS = {"offers-TOTAL_FORMS": "0", "offers-INITIAL_FORMS": "0"}
NO_KEYS = {"keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0"}
NO_EVENTS = {"events-TOTAL_FORMS": "0", "events-INITIAL_FORMS": "0"}
ADMIN: dict[str, Page] = {
    "inflight_customer_export": Page(["export_customer"], lambda: CustomerFactory().pk),
    "inflight_customer_erase": Page(["erase_customer"], lambda: CustomerFactory().pk),
    "inflight_delivery_send": Page(["start_delivery"], data={"only": "all"}),
    "inflight_delivery_send_test": Page(["send_test"]),
    "inflight_delivery_retry": Page(["retry_delivery"], delivery("failed")),
    "inflight_delivery_pause": Page(["pause_delivery"], delivery("sending")),
    "inflight_delivery_resume": Page(["resume_delivery"], delivery("sending", is_paused=True)),
    "inflight_delivery_send_again": Page(["send_again"], sent_delivery),
    "inflight_deliverybatch_read_body": Page(["read_body"], batch),
    "inflight_importrun_import_files": Page(["import_files"], data=own_files),
    "inflight_importrun_import_again": Page(["import_files"], failed_run),
    "inflight_importrun_rejects": Page(["download_rejects"], lambda: ImportRun.objects.create().pk, method="get"),
    "catalog_refreshrun_refresh": Page(["refresh_offers"]),
    "catalog_product_register_again": Page(["register_again"], lambda: ProductFactory(registration="failed").pk),
    "catalog_product_add": Page(["create_product"], data={"name": "A", "description": "", **NO_OFFERS}),
    "catalog_product_change": Page(
        ["update_product"], lambda: ProductFactory().pk, {"name": "B", "description": "", **NO_OFFERS}
    ),
    "catalog_product_delete": Page(["delete_product"], lambda: ProductFactory().pk, YES),
    "catalog_servicetoken_delete": Page(["delete_servicetoken"], token, YES),
    "ingest_dataentry_publish_again": Page(["publish_again"], lambda: entry(refusal="large")),
    "compute_job_cancel": Page(["cancel_job"], lambda: job().pk),
    "metadata_registry_metadata_add": Page(["create_metadata"], data={"name": "a", "payload": PAYLOAD, **NO_EVENTS}),
    "metadata_registry_metadata_delete": Page(["delete_metadata"], lambda: MetadataFactory().pk, YES),
    "metadata_registry_metadata_restore": Page(["restore_metadata"], deleted_metadata),
    "config_apiclient_add": Page(["create_apiclient", "make_key"], data={"name": "till", "scopes": ["data:write"]}),
    "config_apiclient_change": Page(["update_apiclient"], a_client, {"scopes": ["data:read"], **NO_KEYS}),
    "config_apiclient_new_key": Page(["make_key"], a_client),
    "config_apiclient_revoke": Page(["revoke_client"], a_client),
    "config_apikey_revoke": Page(["revoke_key"], lambda: ApiKey.objects.get(client=a_client()).pk),
    "auth_user_add": Page(["create_user"], data=NEW_USER),
    "auth_user_change": Page(["update_user"], user, CHANGED_USER),
    "auth_user_delete": Page(["delete_user"], user, YES),
    "auth_user_password_change": Page(
        ["update_user"], user, {"password1": f"{PASSWORD}!", "password2": f"{PASSWORD}!", "usable_password": "true"}
    ),
    "auth_group_add": Page(["create_group"], data={"name": "new"}),
    "auth_group_change": Page(["update_group"], group, {"name": "other"}),
    "auth_group_delete": Page(["delete_group"], group, YES),
    "password_change": Page(
        ["update_user"],
        data={"old_password": PASSWORD, "new_password1": f"{PASSWORD}!", "new_password2": f"{PASSWORD}!"},
    ),
    "logout": Page(["logout"]),
}
# Nobody may: test_permissions.py holds that. Or they do nothing, and tell nothing of passengers.
NOTHING = ("change", "add", "delete", "history", "changelist", "progress")
SITE = {"index", "login", "password_change_done", "jsi18n", "search", "app_list", "autocomplete", "view_on_site"}
WORKBENCH: dict[str, Page] = {
    "workbench-file": Page(["submit_job"], lambda: "table.csv", RUN),
    "workbench-upload": Page(["upload_file"], data=lambda _: {"file": file("new.csv")}),
    "workbench-rename": Page(["rename_file"], lambda: "table.csv", {"to": "other.csv"}),
    "workbench-delete": Page(["delete_file"], lambda: "table.csv"),
    "workbench-job-cancel": Page(["cancel_job"], lambda: job().pk),
    "workbench-job-as": Page(
        ["submit_job"], lambda: job("done", result_path="results/x.csv").pk, {"output_format": "json"}
    ),
    "workbench-job-mended": Page(["submit_job"], lambda: mendable().pk),
}
# Logins, and each second factor that is set up or removed, are recorded by what they do to users: tests/sso.
SSO = {
    "sso-oidc-login", "sso-oidc-callback", "sso-saml-login", "sso-logout", "saml_acs", "saml_finish_acs", "saml_sls",
    "saml_metadata", "account_reauthenticate", "mfa_authenticate", "second-factor-set-up", "account_login", "mfa_index",
    "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
}  # fmt: skip
LOOKED_AT = {  # pages that only show
    "home", "login", "docs", "schema", "catalogue", "catalogue-product", "workbench", "workbench-download", "workbench-jobs",
    "workbench-job", "workbench-job-status",
}  # fmt: skip


def mendable() -> Any:
    return job("failed", error="x", error_code="not_numeric", mending_read={"decimal": ","})


@pytest.fixture
def client() -> Client:
    """The browser of a superuser, from an address, with a request id."""
    client = Client(REMOTE_ADDR=ADDRESS, HTTP_X_REQUEST_ID=REQUEST_ID)
    client.force_login(User.objects.create_superuser("olga", password=PASSWORD))
    return client


def does(client: Client, name: str, page: Page, house: Any) -> Any:
    key = page.row()
    AuditEntry.objects.all().delete()
    path = reverse(name, args=[key] if key else [])
    answer: Any = getattr(client, page.method)(path, page.data(house) if callable(page.data) else page.data)
    answer.getvalue()
    return answer


@pytest.mark.parametrize("name", ADMIN)
def test_a_page_of_the_admin_leaves_exactly_its_record(name: str, client: Client, house: Any) -> None:
    page = ADMIN[name]
    answer = does(client, f"admin:{name}", page, house)
    assert answer.status_code in (200, 302), answer.getvalue()
    assert [entry[4] for entry in entries()] == page.acts, answer.getvalue()
    assert {entry[:4] for entry in entries()} == {("user", "olga", ADDRESS, REQUEST_ID)}
    assert not LogEntry.objects.exists(), "there is one log, and not Django's"


@pytest.mark.parametrize("name", WORKBENCH)
def test_a_page_of_the_workbench_leaves_exactly_its_record(name: str, client: Client, house: Any) -> None:
    answer = does(client, name, WORKBENCH[name], house)
    assert answer.status_code in (201, 302)
    assert [entry[:5] for entry in entries()] == [("user", "olga", ADDRESS, REQUEST_ID, *WORKBENCH[name].acts)]
    assert all(entry[6] for entry in entries()), "what it was done to"


@pytest.mark.parametrize("name", ADMIN)
def test_asking_leaves_none(name: str, client: Client, house: Any) -> None:
    page = ADMIN[name]
    if page.method == "post":
        does(client, f"admin:{name}", page._replace(method="get", data=None), house)
        assert entries() == []


def actions() -> Iterator[tuple[str, str]]:
    """Yield every action of every list, with its model."""
    for model, its in admin.site._registry.items():
        for name in its.actions or ():
            yield model._meta.label_lower, str(name)


def rows_for(label: str, action: str) -> list[Any]:
    """Make two rows that the action can be run on."""
    page = ADMIN[f"{label.replace('.', '_')}_{action}"]
    rows = [page.row() for _ in range(1 if action in ONE else 2)]
    AuditEntry.objects.all().delete()
    return rows


LISTED_BY = {"restore": "?deleted=true"}
ONE = {"new_key", "read_body", "retry", "pause", "resume", "send_again"}  # of which there can be one at a time


@pytest.mark.parametrize(("label", "action"), list(actions()))
def test_an_action_of_a_list_leaves_a_record_for_each_row(label: str, action: str, client: Client) -> None:
    keys = rows_for(label, action)
    address = reverse(f"admin:{label.replace('.', '_')}_changelist") + LISTED_BY.get(action, "")
    answer: Any = client.post(address, {"action": action, "_selected_action": keys, "asked": "yes"})
    answer.getvalue()
    page = ADMIN[f"{label.replace('.', '_')}_{action}"]
    assert acts() == page.acts * len(keys)


@pytest.mark.parametrize(
    ("label", "make", "act"),
    [
        ("catalog.product", lambda: ProductFactory().pk, "delete_product"),
        ("metadata_registry.metadata", lambda: MetadataFactory().pk, "delete_metadata"),
        ("catalog.servicetoken", token, "delete_servicetoken"),
        ("auth.user", user, "delete_user"),
        ("auth.group", group, "delete_group"),
    ],
)
def test_a_deletion_from_a_list_leaves_a_record(label: str, make: Callable[[], Any], act: str, client: Client) -> None:
    key = make()
    AuditEntry.objects.all().delete()
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    client.post(address, {"action": "delete_selected", "_selected_action": [key], "post": "yes"})
    assert [(entry[4], entry[6]) for entry in entries()] == [(act, str(key))]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_every_list_taken_as_a_file_is_recorded(client: Client, suffix: str) -> None:
    for model in admin.site._registry:
        AuditEntry.objects.all().delete()
        answer: Any = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{suffix}"))
        answer.getvalue()
        assert [entry[4:6] for entry in entries()] == [(f"download_{suffix}", model._meta.label_lower)]


def test_who_looks_at_lists_of_passengers_is_recorded_and_at_others_not(client: Client) -> None:
    PurchaseFactory()
    ImportReject.objects.create(run=ImportRun.objects.create(), file="customers", line=1, reasons=[], raw="a", row={})
    for model in admin.site._registry:
        client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    listed = {entry[5] for entry in entries(act="list")}
    assert listed == {"inflight.customer", "inflight.purchase", "inflight.importreject"}
    assert AuditEntry.objects.count() == 3


def test_what_a_list_was_searched_for_is_not_recorded(client: Client) -> None:
    client.get("/admin/inflight/customer/", {"q": "Zwölfaxing", "needs_sending__exact": "1"})
    assert AuditEntry.objects.get().details == {"parameters": ["needs_sending__exact", "q"]}


def test_an_action_that_is_refused_leaves_none(client: Client) -> None:
    delivered = delivery("delivered")()
    client.post(f"/admin/inflight/delivery/{delivered}/pause/")
    assert (entries(), Delivery.objects.get().is_paused) == ([], False)


def test_a_history_shows_the_audit(client: Client) -> None:
    failed = delivery("failed")()
    client.post(f"/admin/inflight/delivery/{failed}/retry/")
    page = client.get(f"/admin/inflight/delivery/{failed}/history/").content.decode()
    assert ("retry delivery" in page, "olga" in page) == (True, True)


def test_groups_of_a_user_are_recorded_by_name_and_what_is_secret_or_private_is_not(client: Client) -> None:
    vera = user()
    data = {"first_name": "Vera", "email": "vera@x.fr", "groups": [group("auditors")]}
    AuditEntry.objects.all().delete()
    client.post(f"/admin/auth/user/{vera}/change/", CHANGED_USER | data)
    changes: dict[str, Any] = {}
    for each in AuditEntry.objects.all():
        changes |= each.changes
    hidden = ["(hidden)", "(hidden)"]
    assert changes == {
        "is_staff": [False, True], "first_name": hidden, "email": hidden, "groups": {"add": ["auditors"]},
    }  # fmt: skip


def test_every_page_is_in_one_of_the_lists() -> None:
    found = set(_names(get_resolver().url_patterns))
    assert found == WORKBENCH.keys() | LOOKED_AT | SSO | {"logout", "logged-out"}
    site: Any = next(each for each in get_resolver().url_patterns if getattr(each, "namespace", None) == "admin")
    names = {
        each.name
        for pattern in site.url_patterns
        for each in getattr(pattern, "url_patterns", [pattern])
        if each.name and not each.name.endswith(("_csv", "_xlsx"))
    }
    rest = names - ADMIN.keys() - SITE
    assert [name for name in rest if name.rpartition("_")[2] not in NOTHING] == []


def test_every_admin_class_shows_the_audit_as_its_history() -> None:
    assert [its for its in admin.site._registry.values() if not isinstance(its, AuditedAdmin)] == []


def _names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and not pattern.namespace:
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name
