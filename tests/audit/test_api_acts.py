"""Every operation of the API: what it leaves in the audit when it succeeds, and that it leaves nothing when it fails."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from catalog.models import Product, ProductImport
from compute.models import Job
from config.models import AuditEntry
from inflight.models import Delivery, Erasure, ImportRun
from metadata_registry.models import Metadata
from metadata_registry.services import delete_metadata
from tests.audit.entries import ADDRESS, REQUEST_ID, entries, job
from tests.factories import CustomerFactory, PurchaseFactory
from tests.factories_catalog import ProductFactory
from tests.factories_metadata_registry import PAYLOAD, MetadataFactory

pytestmark = pytest.mark.django_db

Body = dict[str, Any]


class Op(NamedTuple):
    """An operation: what it is called with, what is then recorded, and of which row (the newest, unless it is told)."""

    act: str
    object_type: str
    body: Any = None  # or what makes it, once the row is there
    row: Callable[[], Any] = str  # makes what the path names, and returns its key
    key: Callable[[Any], Any] | None = None  # of what is recorded; None: what the path names
    format: str = "json"


def file(name: str, text: bytes = b"a\n1\n") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text)


def paths(house: Any) -> Body:
    return {"customers_file_path": f"{house}/customers.csv", "purchased_file_path": f"{house}/purchases.csv"}


def uploads(house: Any) -> Body:
    names = {"customers_file": "customers.csv", "purchases_file": "purchases.csv"}
    return {field: file(name, (house / name).read_bytes()) for field, name in names.items()}


def customer() -> str:
    return str(PurchaseFactory().customer.pk)


def delivery(status: str, **values: Any) -> Callable[[], int]:
    return lambda: int(Delivery.objects.create(status=status, **values).pk)


def product(**values: Any) -> Callable[[], Any]:
    return lambda: ProductFactory(**values).pk


def deleted_metadata() -> Any:
    metadata = MetadataFactory()
    delete_metadata(str(metadata.pk), by="")
    return metadata.pk


def newest(model: Any) -> Callable[[Any], Any]:
    return lambda _path: model.objects.order_by("pk").last().pk


def many(_path: Any) -> str:
    return ""


def run_with_rejects() -> int:
    return int(ImportRun.objects.create(status="completed").pk)


STATS, ONE_COLUMN = {"file_path": "table.csv", "columns": ["a"]}, {"file_path": "table.csv", "columns": ["b"]}
CUSTOMERS, PURCHASES, RUN, FILE = "inflight.customer", "inflight.purchase", "inflight.importrun", "compute.file"
PRODUCT_IMPORT = "catalog.productimport"
DELIVERY, PRODUCT, METADATA, JOB = "inflight.delivery", "catalog.product", "metadata_registry.metadata", "compute.job"
CHANGED: dict[str, Op] = {
    "import_csv": Op("import_files", RUN, paths, key=newest(ImportRun)),
    "upload_import": Op("import_files", RUN, uploads, key=newest(ImportRun), format="multipart"),
    "send_customers": Op("start_delivery", DELIVERY, {}, row=customer, key=newest(Delivery)),
    "retry_delivery": Op("retry_delivery", DELIVERY, row=delivery("failed")),
    "pause_delivery": Op("pause_delivery", DELIVERY, row=delivery("sending")),
    "resume_delivery": Op("resume_delivery", DELIVERY, row=delivery("sending", is_paused=True)),
    "erase_customer": Op("erase_customer", "inflight.erasure", row=customer, key=newest(Erasure)),
    "create_product": Op("create_product", PRODUCT, {"name": "A", "description": ""}, key=newest(Product)),
    "replace_product": Op("update_product", PRODUCT, {"name": "A", "description": "new"}, row=product()),
    "change_product": Op("update_product", PRODUCT, {"name": "A"}, row=product(registration="failed")),
    "delete_product": Op("delete_product", PRODUCT, row=product()),
    "register_product": Op("register_again", PRODUCT, row=product(registration="failed")),
    "import_products": Op(
        "import_files",
        PRODUCT_IMPORT,
        lambda _: {"products_file": file("p.csv", b"sku;name;category;description\n96385074;A;;\n")},
        key=newest(ProductImport),
        format="multipart",
    ),
    "create_metadata": Op("create_metadata", METADATA, {"name": "a", "payload": PAYLOAD}, key=newest(Metadata)),
    "delete_metadata": Op("delete_metadata", METADATA, row=lambda: MetadataFactory().pk),
    "restore_metadata": Op("restore_metadata", METADATA, row=deleted_metadata),
    "group_by": Op(
        "submit_job", JOB, {"file_path": "table.csv", "by": ["a"], "aggregations": {"b": ["sum"]}}, key=newest(Job)
    ),
    "non_null": Op("submit_job", JOB, STATS, key=newest(Job)),
    "stats": Op("submit_job", JOB, ONE_COLUMN, key=newest(Job)),
    "profile": Op("submit_job", JOB, STATS, key=newest(Job)),
    "cancel_job": Op("cancel_job", JOB, row=lambda: job().pk),
    "upload_form": Op(
        "upload_file", FILE, lambda _: {"file": file("f.csv")}, key=lambda _: "f.csv", format="multipart"
    ),
    "upload_file": Op("upload_file", FILE, b"a\n1\n", row=lambda: "new.csv", format="raw"),
    "rename_file": Op("rename_file", FILE, {"to": "renamed.csv"}, row=lambda: "table.csv"),
    "delete_file": Op("delete_file", FILE, row=lambda: "table.csv"),
}
READ: dict[str, Op] = {
    "list_customers": Op("list", CUSTOMERS, row=lambda: "", key=many),
    "list_purchases": Op("list", PURCHASES, row=lambda: "", key=many),
    "list_rejects": Op("list_rejects", RUN, row=run_with_rejects),
    "list_product_rejects": Op(
        "list_rejects", PRODUCT_IMPORT, row=lambda: ProductImport.objects.create(status="completed").pk
    ),
    "export_customer": Op("export_customer", CUSTOMERS, row=customer),
}
# An entry has its own row, with its time, and thousands come a second (docs/decisions/0074).
# A record that is only checked is kept nowhere.
NOT_RECORDED = {"post_data", "validate_metadata"}
# They read one row, or what is nobody's personal data.
SAFE = {
    "list_imports", "get_import", "list_deliveries", "get_delivery", "list_attempts", "get_customer", "get_purchase",
    "list_products", "get_product", "list_product_imports", "get_product_import", "list_offers", "get_price_trend",
    "list_metadata", "get_metadata", "get_latest_metadata", "list_metadata_names", "list_metadata_history",
    "metadata_schema", "list_data", "get_data", "list_files", "download_file",
    "preview_file", "list_jobs", "get_job", "health", "live", "ready",
}  # fmt: skip


@pytest.fixture(scope="module")
def operations() -> dict[str, tuple[str, str]]:
    """Return the method and path of every operation."""
    return dict(_operations(SchemaGenerator().get_schema(public=True)))  # type: ignore[no-untyped-call]


def _operations(schema: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield operation["operationId"], (method, path)


class Caller:
    """Calls an operation as somebody with a token, from an address, with a request id."""

    def __init__(self, operations: dict[str, tuple[str, str]], house: Any) -> None:
        self.operations, self.house = operations, house
        self.api = APIClient(REMOTE_ADDR=ADDRESS, HTTP_X_REQUEST_ID=REQUEST_ID)

    def call(self, name: str, op: Op, key: Any, *, query: str = "", token: str = "test-token") -> Any:
        method, path = self.operations[name]
        for parameter in ("{id}", "{file_path}", "{customer_id}"):
            path = path.replace(parameter, str(key))
        body = op.body(self.house) if callable(op.body) else op.body
        headers = {"Authorization": f"Bearer {token}", "Cache-Control": "no-cache"}
        options: Any = {"content_type": "application/octet-stream"} if op.format == "raw" else {"format": op.format}
        answer: Any = getattr(self.api, method)(
            f"{path}{query}", body, headers=headers, **(options if body is not None else {})
        )
        answer.getvalue()
        return answer


@pytest.fixture
def caller(operations: dict[str, tuple[str, str]], house: Any) -> Caller:
    return Caller(operations, house)


@pytest.mark.parametrize("name", CHANGED | READ)
def test_an_operation_that_succeeds_leaves_exactly_its_record(name: str, caller: Caller) -> None:
    op = (CHANGED | READ)[name]
    key = op.row()
    assert entries() == [], "what a worker would do is recorded nowhere"

    answer = caller.call(name, op, key)

    assert answer.status_code < 300, answer.getvalue()
    about = str(op.key(key) if op.key else key)
    assert entries() == [("client", "api-token", ADDRESS, REQUEST_ID, op.act, op.object_type, about)]
    assert about or op.key is many


@pytest.mark.parametrize("name", CHANGED | READ)
@pytest.mark.parametrize(("query", "token", "status"), [("?nonsense=1", "test-token", 400), ("", "wrong", 401)])
def test_an_operation_that_is_refused_leaves_none(
    name: str, caller: Caller, query: str, token: str, status: int
) -> None:
    op = (CHANGED | READ)[name]
    answer = caller.call(name, op, op.row(), query=query, token=token)
    assert answer.status_code == status
    assert entries() == []


ON_A_ROW = [
    name for name, op in CHANGED.items() if op.format == "json" and (op.key is None or name == "erase_customer")
]


@pytest.mark.parametrize("name", ON_A_ROW)
def test_an_operation_on_what_is_not_there_leaves_none(name: str, caller: Caller) -> None:
    op = CHANGED[name]
    missing = {"int": 999_999, "UUID": "01a2013a-35fa-7340-9747-f056543e763f"}.get(
        type(op.row()).__name__, "nobody.csv"
    )
    assert caller.call(name, op, missing).status_code in (404, 409)
    assert entries() == []


def test_every_operation_is_in_one_of_the_lists(operations: dict[str, Any]) -> None:
    assert set(operations) == CHANGED.keys() | READ.keys() | NOT_RECORDED | SAFE
    assert {name for name, (method, _) in operations.items() if method != "get"} == CHANGED.keys() | NOT_RECORDED


def test_reading_what_is_no_passengers_leaves_none(caller: Caller, operations: dict[str, tuple[str, str]]) -> None:
    lists = {name: operations[name][1] for name in SAFE if "{" not in operations[name][1]}
    assert len(lists) == 14
    for name, path in lists.items():
        query = "?name=a" if name == "get_latest_metadata" else ""
        answer: Any = caller.api.get(f"{path}{query}", headers={"Authorization": "Bearer test-token"})
        answer.getvalue()
        assert (name, answer.status_code in (200, 404, 503)) == (name, True)
    assert entries() == []


def test_entries_of_data_are_their_own_record(caller: Caller) -> None:
    answer = caller.api.post("/api/data", {"content": "x"}, format="json", headers={"Prefer": "respond-async"})
    assert (answer.status_code, entries()) == (201, [])


def test_who_comes_without_a_token_is_a_visitor(caller: Caller) -> None:
    caller.api.post("/api/products", {"name": "A", "description": ""}, format="json")
    assert [entry[:3] for entry in entries()] == [("visitor", "", ADDRESS)]


def test_a_dry_run_of_a_delivery_shows_persons_and_so_is_recorded(caller: Caller) -> None:
    CustomerFactory()
    caller.api.post("/api/send-customers", {"dry_run": True}, format="json")
    assert [entry[4:] for entry in entries()] == [("preview_delivery", CUSTOMERS, "")]


def test_a_request_that_is_repeated_with_its_key_is_recorded_once(caller: Caller) -> None:
    for _ in range(2):
        headers = {"Idempotency-Key": "the-same-one"}
        caller.api.post("/api/products", {"name": "A", "description": ""}, format="json", headers=headers)
    assert [entry[4] for entry in entries()] == ["create_product"]


def test_what_persons_were_sought_by_is_recorded_without_its_value(caller: Caller) -> None:
    CustomerFactory(email="zoe@mark.example")
    assert len(caller.api.get("/api/customers?email=zoe@mark.example&limit=1").json()) == 1
    (entry,) = AuditEntry.objects.all()
    assert entry.details == {"parameters": ["email", "limit"]}


def test_a_change_is_recorded_with_the_values_before_and_after(caller: Caller) -> None:
    found = ProductFactory(name="Old", description="same")
    caller.api.patch(f"/api/products/{found.pk}", {"name": "New", "description": "same"}, format="json")
    (entry,) = AuditEntry.objects.all()
    assert (entry.changes, entry.object_name) == ({"name": ["Old", "New"]}, "New")
