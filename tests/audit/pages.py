"""The pages that do something, the workbench's and the admin's, with what each is asked and what it leaves."""

from collections.abc import Callable
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import ProductImport, ServiceToken
from config.access import clients
from config.access.scopes import Scope
from config.models import ApiClient, ApiKey, SavedFilter
from inflight.models import Delivery, DeliveryBatch, ImportRun
from ingest.models import DataEntry
from metadata_registry.services import delete_metadata
from tests.audit.entries import job
from tests.factories import CustomerFactory
from tests.factories_catalog import ProductFactory
from tests.factories_metadata_registry import PAYLOAD, MetadataFactory

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


def failed_product_import() -> int:
    path = settings.IMPORT_ROOTS[0] / "products.csv"
    path.write_text("sku;name;category;description\n96385074;A;;\n")
    return int(ProductImport.objects.create(status="failed", products_file_path=str(path)).pk)


def own_files(house: Any) -> dict[str, Any]:
    return {
        name: SimpleUploadedFile(f"{name}.csv", (house / f"{name}.csv").read_bytes())
        for name in ("customers", "purchases")
    }


def user() -> int:
    return int(User.objects.create_user("vera", password=PASSWORD).pk)


def second_factor() -> int:
    return int(Authenticator.objects.create(user_id=user(), type="totp", data={"secret": "x"}).pk)


def social_account() -> int:
    return int(SocialAccount.objects.create(user_id=user(), provider="https://idp.example", uid="vera@x.fr").pk)


def saved_filter() -> int:
    return int(
        SavedFilter.objects.create(user=User.objects.get(username="olga"), list="inflight.delivery", name="all").pk
    )


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
YES, RUN = {"post": "yes"}, {"ask": "profile"}
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
    "inflight_importrun_mend": Page(["list_rejects"], lambda: ImportRun.objects.create().pk, method="get"),
    "inflight_importrun_rejects": Page(["download_rejects"], lambda: ImportRun.objects.create().pk, method="get"),
    "catalog_productimport_import_files": Page(
        ["import_files"],
        data=lambda _: {"products": SimpleUploadedFile("p.csv", b"sku;name;category;description\n96385074;A;;\n")},
    ),
    "catalog_productimport_import_again": Page(["import_files"], failed_product_import),
    "catalog_productimport_mend": Page(["list_rejects"], lambda: ProductImport.objects.create().pk, method="get"),
    "catalog_productimport_rejects": Page(
        ["download_rejects"], lambda: ProductImport.objects.create().pk, method="get"
    ),
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
    "mfa_authenticator_delete": Page(["delete_authenticator"], second_factor, YES),
    "socialaccount_socialaccount_delete": Page(["delete_socialaccount"], social_account, YES),
    "save_filter": Page(["save_filter"], data={"list": "inflight.delivery", "query": "", "name": "all"}),
    "delete_filter": Page(["delete_filter"], saved_filter),
    "password_change": Page(
        ["update_user"],
        data={"old_password": PASSWORD, "new_password1": f"{PASSWORD}!", "new_password2": f"{PASSWORD}!"},
    ),
    "logout": Page(["logout"]),
}
# Nobody may: test_permissions.py holds that. Or they do nothing, and tell nothing of passengers.
NOTHING = ("change", "add", "delete", "history", "changelist", "progress", "compare")
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
# Logins, and each second factor that somebody sets up or removes, are recorded by what they do to users: tests/sso.
SSO = {
    "sso-oidc-login", "sso-oidc-callback", "sso-saml-login", "sso-logout", "saml_acs", "saml_finish_acs", "saml_sls",
    "saml_metadata", "account_reauthenticate", "mfa_authenticate", "second-factor-set-up", "account_login", "mfa_index",
    "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
}  # fmt: skip
LOOKED_AT = {  # pages that only show
    "home", "login", "set_language", "texts", "docs", "schema", "catalogue", "catalogue-product", "workbench",
    "workbench-download", "workbench-jobs", "workbench-job", "workbench-job-status",
}  # fmt: skip


def mendable() -> Any:
    return job("failed", error="x", error_code="not_numeric", mending_read={"decimal": ","})
