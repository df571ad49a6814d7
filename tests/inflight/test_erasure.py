"""A person who is erased is nowhere any more: not in a table, not in a file, not in what is sent afterwards."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, models

from inflight.imports.erased import digest_of
from inflight.models import Customer, Delivery, DeliveryBatch, Erasure, ImportReject, ImportRun, Purchase
from inflight.services.deliveries import deliver, retry_delivery
from inflight.services.people import erase_customer, export_customer
from tests.fakes.partner import Partner
from tests.inflight import marked
from tests.inflight.marked import EMAIL, FIRST, ID, LAST

pytestmark = pytest.mark.django_db(transaction=True)

# Every table is in HOLDS or in HOLDS_NONE. A new one, or a new text in one of HOLDS, belongs into one of the lists; and where
# it can hold something of a person, into tests/inflight/marked.py, inflight/services/people.py and docs/configuration.md.
HOLDS = {  # the columns that can hold something of a person
    "inflight_customer": {"customer_id", "last_name", "first_name", "postal_code", "city", "email"},
    "inflight_purchase": {"customer_id"},
    "inflight_importrun": {"error"},  # the header that was found in a file without one
    "inflight_pickup": {"error"},  # the same
    "inflight_importreject": {"raw", "row", "reasons"},  # reasons quote the row
    "inflight_delivery": {"prepared_through", "customer_ids"},
    "inflight_deliverybatch": {"payload", "customer_ids", "last_error"},
    "inflight_deliveryattempt": {"answer", "error"},  # what the partner says
    "config_idempotencykey": {"body"},  # an answer that quotes the partner
    "config_auditentry": {"object_key"},  # of who looked at a person
    "django_q_task": {"result"},  # an error that quotes a row
}
OF_NOBODY = {  # the other texts of these tables
    "inflight_customer": {"title"},  # it goes with the row
    "inflight_purchase": {"purchase_identifier", "product_id", "currency"},
    "inflight_importrun": {
        "status", "customers_file_path", "purchased_file_path", "requested_by", "customers", "purchases", "read_as",
        "traceparent",
    },
    "inflight_pickup": {
        "inbox", "key", "customers_name", "purchases_name", "versions", "customers_sha256", "purchases_sha256", "status",
    },
    "inflight_importreject": {"file"},
    "inflight_delivery": {"only", "status", "requested_by", "traceparent"},
    "inflight_deliverybatch": {"content_encoding", "status"},
    "config_idempotencykey": {"sub", "key", "fingerprint", "resource", "headers"},
    "config_auditentry": {
        "actor_type", "actor", "address", "request_id", "act", "object_type", "object_name", "changes", "details",
    },
    "django_q_task": {"id", "name", "func", "hook", "args", "kwargs", "group", "cluster"},
}  # fmt: skip
HOLDS_NONE = {
    "inflight_erasure": "a keyed hash and counts",
    "config_workerheartbeat": "names of machines",
    "config_apiclient": "names of programs", "config_apikey": "digests of keys",
    "config_alert": "what is wrong, without passengers", "config_alertmessage": "the same, as it was told",
    "config_alertmessage_alerts": "numbers",
    "config_failedattempts": "keyed hashes of staff and addresses", "config_requestquota": "programs",
    "config_savedfilter": "by which filters staff look at lists; never a search",
    "catalog_product": "things", "catalog_offer": "things", "catalog_offerchange": "things",
    "catalog_productimport": "counts", "catalog_productreject": "rows about things",
    "catalog_refreshrun": "counts, and what shops answered", "catalog_servicetoken": "a secret of ours",
    "metadata_registry_metadata": "what tells a data platform what to run; its owner's",
    "metadata_registry_metadataevent": "who of the staff changed it",
    "data_entries": "documents of those who post them, who erase at their end; not inflight's customers",
    "compute_job": "questions over files of those who upload them, who delete them; not inflight's customers",
    "compute_ownedfile": "names of files, and who of the staff or which program brought them",
    "auth_user": "staff, whom a superuser deletes", "auth_group": "names of groups", "auth_permission": "names",
    "auth_group_permissions": "numbers", "auth_user_groups": "numbers", "auth_user_user_permissions": "numbers",
    "django_admin_log": "nothing: the audit has it", "django_content_type": "names of tables",
    "account_emailaddress": "staff", "account_emailconfirmation": "staff", "mfa_authenticator": "second factors of staff",
    "socialaccount_socialaccount": "what the identity provider calls staff, and their groups there",
    "socialaccount_socialapp": "not used", "socialaccount_socialtoken": "not used",
    "django_session": "who of the staff is logged in; messages, which name no customer",
    "django_q_schedule": "tasks without arguments", "django_q_ormq": "tasks without arguments",
    "django_migrations": "names",
}  # fmt: skip


def texts_of(model: type[models.Model]) -> set[str]:
    """Return the columns that can hold a text, or a customer's key."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, NO_TEXT)]
    return {str(field.column) for field in fields if field.related_model in (None, Customer)}


NO_TEXT = (
    models.IntegerField, models.FloatField, models.DecimalField, models.BooleanField, models.DateField, models.UUIDField,
)  # fmt: skip


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def uploads(request: pytest.FixtureRequest, settings: Any, tmp_path: Path, partner: Partner) -> Path:
    """The folder of uploads, after the person was put everywhere."""
    settings.DELIVERY_GZIP, settings.IMPORT_INBOX = request.param, str(tmp_path / "inbox")
    marked.fill(partner, tmp_path)
    assert {path.name for path in (tmp_path / "inbox/failed").iterdir()} >= {"AF2-customers.csv", "AF2-error.txt"}
    shutil.rmtree(tmp_path / "inbox/failed")  # as who is refused an erasure for these files is told to
    return Path(settings.IMPORT_UPLOADS)


def test_every_table_is_in_one_of_the_two_lists() -> None:
    assert set(connection.introspection.table_names()) == HOLDS.keys() | HOLDS_NONE.keys()
    assert {model._meta.db_table for model in marked.all_models()} <= HOLDS.keys() | HOLDS_NONE.keys()
    assert HOLDS.keys().isdisjoint(HOLDS_NONE)


def test_every_text_of_a_table_that_holds_persons_is_in_one_of_the_two_lists() -> None:
    own = {model._meta.db_table: model for model in marked.all_models() if not model._meta.proxy}
    for table, held in HOLDS.items():
        assert texts_of(own[table]) == held | OF_NOBODY.get(table, set()), table
        assert held.isdisjoint(OF_NOBODY.get(table, set()))


def test_after_an_erasure_the_person_is_nowhere(uploads: Path) -> None:
    assert marked.columns_with_marks() == HOLDS, "the person has to be everywhere first"
    inbox = Path(django_settings.IMPORT_INBOX)
    assert (len(marked.files_with_marks(uploads)), len(marked.files_with_marks(inbox))) == (4, 2)

    erasure = erase_customer(ID, requested_by="ana")

    assert marked.columns_with_marks() == {}
    assert marked.files_with_marks(uploads) == marked.files_with_marks(inbox) == []
    assert (erasure.requested_by, erasure.digest) == ("ana", digest_of(ID))
    assert erasure.erased == {
        "customers": 1, "purchases_unlinked": 1, "uploads": 2, "inbox_files": 2, "rejects": 4, "log_entries": 1, "texts": 9,
        "batches_sent": 1, "batches_not_sent": 0, "batches_perhaps_sent": 1,
    }  # fmt: skip


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a file of ours")
def test_vacuum_takes_the_person_out_of_the_free_pages_of_sqlites_file(uploads: Path) -> None:
    erase_customer(ID, requested_by="ana")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = Path(django_settings.DATABASES["default"]["NAME"])
    assert marked.files_with_marks(file.parent) == []


def test_the_export_has_all_that_the_tables_have(uploads: Path) -> None:
    export = export_customer(ID)
    tables = {
        "customer": "inflight_customer", "purchases": "inflight_purchase", "rejects": "inflight_importreject",
        "deliveries": "inflight_deliverybatch", "admin_log": "config_auditentry",
    }  # fmt: skip
    assert all(export[part] for part in tables)
    assert set(tables.values()) | {mention["table"] for mention in export["mentions"]} == HOLDS.keys()
    assert {field: export["customer"][field] for field in ("customer_id", "last_name", "email")} == {
        "customer_id": ID, "last_name": LAST, "email": EMAIL,
    }  # fmt: skip
    assert [purchase["purchase_identifier"] for purchase in export["purchases"]] == ["2/02"]
    assert [batch["documents"][0]["email"] for batch in export["deliveries"]] == [EMAIL, EMAIL]
    assert len(export["deliveries"][0]["attempts"]) == 3
    assert [(reject["file"], reject["line"]) for reject in export["rejects"]] == [
        ("customers", 5), ("customers", 6), ("customers", 7), ("purchases", 4),
    ]  # fmt: skip


def test_what_is_about_others_stays(uploads: Path) -> None:
    others = list(ImportReject.objects.filter(raw__startswith="2").exclude(raw__contains=ID).values())
    assert [row["raw"] for row in others] == ["2;7;Bad;Title;;;", "2/05;1;0071;none;3;EUR;2024-11-03"]
    runs = ImportRun.objects.exclude(status="failed").values()

    before = list(runs)
    erase_customer(ID, requested_by="")

    assert list(ImportReject.objects.exclude(raw="").values()) == others
    assert list(runs) == before
    assert list(Customer.objects.values_list("pk", flat=True)) == ["1", "K"]
    assert dict(Purchase.objects.values_list("pk", "customer")) == {"2/01": "1", "2/02": None, "2/04": "K"}


def test_rejects_keep_where_they_stood_and_what_was_wrong(uploads: Path) -> None:
    before = {reject.pk: [reason["code"] for reason in reject.reasons] for reject in ImportReject.objects.all()}
    erase_customer(ID, requested_by="")
    erased = ImportReject.objects.filter(raw="")
    assert [(reject.file, reject.line, reject.row) for reject in erased.order_by("pk")] == [
        ("customers", 5, {}), ("customers", 6, {}), ("customers", 7, {}), ("purchases", 4, {}),
    ]  # fmt: skip
    assert {reject.pk: [reason["code"] for reason in reject.reasons] for reject in ImportReject.objects.all()} == before


def test_what_was_not_acknowledged_is_sent_without_the_person_under_a_new_key(uploads: Path, partner: Partner) -> None:
    sent, refused = DeliveryBatch.objects.order_by("pk")
    erase_customer(ID, requested_by="")
    old_key, before = refused.idempotency_key, len(partner.accepted)
    refused.refresh_from_db()
    assert (refused.customers, refused.customer_ids, refused.status) == (2, ["1", "K"], "failed")
    assert refused.idempotency_key != old_key

    partner.forget_faults()
    delivery = deliver(retry_delivery(Delivery.objects.get(status="failed")), seconds=5)

    assert delivery.status == "delivered"
    assert len(partner.accepted) == before + 1
    last_names = [customer["last_name"] for customer in partner.accepted[str(refused.idempotency_key)]]
    assert last_names == ["Norris", "Galante"]
    sent.refresh_from_db()
    assert (sent.status, sent.customers, sent.customer_ids) == ("acknowledged", 3, ["1", "K"])


def test_batches_from_before_they_knew_whose_they_are_are_found_by_what_they_say(uploads: Path) -> None:
    DeliveryBatch.objects.update(customer_ids=None)
    erase_customer(ID, requested_by="")
    assert marked.columns_with_marks() == {}


def test_no_erasure_says_who_it_was(uploads: Path) -> None:
    erase_customer(ID, requested_by="")
    said = str(list(Erasure.objects.values()))
    assert [mark for mark in (ID, FIRST, LAST, EMAIL) if mark in said] == []
    assert {field.name for field in Erasure._meta.concrete_fields if isinstance(field, models.TextField)} == set()
