"""Any number of rows of every model, for tests of the admin's lists and for their measurement."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django_q.models import Failure, OrmQ, Schedule

from catalog.models import Offer, OfferChange, Product, ProductImport, ProductReject, RefreshRun, ServiceToken
from compute.models import Job, OwnedFile
from config.models import (
    Alert,
    AlertMessage,
    ApiClient,
    ApiKey,
    AuditEntry,
    FailedAttempts,
    IdempotencyKey,
    RequestQuota,
    SavedFilter,
    WorkerHeartbeat,
)
from inflight.models import (
    Customer,
    Delivery,
    DeliveryAttempt,
    DeliveryBatch,
    Erasure,
    ImportReject,
    ImportRun,
    Pickup,
    Purchase,
)
from ingest.models import DataEntry
from metadata_registry.models import Metadata, MetadataEvent

START = datetime(2026, 3, 1, tzinfo=UTC)
CHUNK = 5000


def _at(n: int) -> datetime:
    return START + timedelta(seconds=n)


def _user(n: int) -> User:
    return User.objects.get(username=f"user-{n}")


# The n-th row of a model, n from 1 on. Those that belong to another row belong to its n-th: that one has to be there.
ROWS: dict[type[Model], Callable[[int], Model]] = {
    Customer: lambda n: Customer(customer_id=f"{n:09d}", last_name=f"Last{n}", email=f"{n}@x.fr", needs_sending=n % 2 == 0),
    Purchase: lambda n: Purchase(
        purchase_identifier=f"2/{n:09d}", customer_id=f"{n:09d}", product_id=str(n % 999), quantity=1, price="9.5",
        currency="EUR", purchased_on=date(2026, 1, 1),
    ),
    ImportRun: lambda n: ImportRun(
        id=n, status="completed_with_rejects", customers_file_path=f"/opt/{n}.csv", purchased_file_path="/opt/p.csv",
        created_at=_at(n), finished_at=_at(n), customers={"read": 2, "inserted": 1, "rejected": 1}, purchases={"read": 0},
    ),
    ImportReject: lambda n: ImportReject(
        run_id=n, file="purchases", line=n, reasons=[{"field": "quantity", "code": "x", "message": "no"}], raw="a;b", row={}
    ),
    Pickup: lambda n: Pickup(
        id=n, status="done", inbox="/srv/inbox", key=f"{n}-*.csv", customers_name=f"{n}-customers.csv",
        purchases_name=f"{n}-purchases.csv", created_at=_at(n), finished_at=_at(n),
    ),
    Delivery: lambda n: Delivery(id=n, status="failed" if n % 50 == 0 else "delivered", created_at=_at(n), finished_at=_at(n)),
    DeliveryBatch: lambda n: DeliveryBatch(
        id=n, delivery_id=n, number=1, payload=b"[]", customers=5, status="acknowledged", acknowledged_at=_at(n)
    ),
    DeliveryAttempt: lambda n: DeliveryAttempt(batch_id=n, started_at=_at(n), seconds=0.05, http_status=201),
    Erasure: lambda n: Erasure(requested_by="ana", created_at=_at(n), erased={"customers": 1, "rejects": 0}),
    Product: lambda n: Product(id=UUID(int=n), name=f"Product {n}", registration="registered" if n % 9 else "failed"),
    ProductImport: lambda n: ProductImport(
        id=n, status="completed_with_rejects", products_file_path=f"/opt/{n}.csv", created_at=_at(n), finished_at=_at(n),
        products={"read": 2, "inserted": 1, "rejected": 1},
    ),
    ProductReject: lambda n: ProductReject(
        run_id=n, line=n, reasons=[{"field": "sku", "code": "invalid", "message": "no"}], raw="a;b", row={}
    ),
    Offer: lambda n: Offer(id=n, product_id=UUID(int=n), offer_id=f"offer-{n}", price=n, items_in_stock=1),
    OfferChange: lambda n: OfferChange(offer_id=n, observed_at=_at(n), price=n, items_in_stock=1),
    RefreshRun: lambda n: RefreshRun(status="completed", started_at=_at(n), finished_at=_at(n), products=3),
    ServiceToken: lambda n: ServiceToken(base_url=f"http://offers-{n}", token="hidden"),
    Metadata: lambda n: Metadata(id=UUID(int=n), name=f"source-{n}", payload='{"sourceName": "s"}'),
    MetadataEvent: lambda n: MetadataEvent(metadata_id=UUID(int=n), action="created", by="ana"),
    DataEntry: lambda n: DataEntry(content={"n": n}, refusal="" if n % 9 else "large", published_at=_at(n) if n % 2 else None),
    Job: lambda n: Job(
        sub="ana", operation="stats", parameters={}, file_path=f"sales-{n}.csv", input_format="csv", input_bytes=1,
        input_version="1", fingerprint=str(n), engine="duckdb", status="done", result_path="results/r.csv",
    ),
    IdempotencyKey: lambda n: IdempotencyKey(key=f"key-{n}", created_at=_at(n)),
    WorkerHeartbeat: lambda n: WorkerHeartbeat(name=f"host:{n}", started_at=_at(n), beat_at=_at(n)),
    OwnedFile: lambda n: OwnedFile(path=f"{n:09d}.csv", sub="ana"),
    FailedAttempts: lambda n: FailedAttempts(kind="account", key=f"{n:064d}", count=n, failed_at=_at(n), last_at=_at(n)),
    RequestQuota: lambda n: RequestQuota(key=f"client:{n:09d}", taken=n, ends_at=0.0),
    SavedFilter: lambda n: SavedFilter(user=_user(n), list="inflight.delivery", name=f"own {n}", query="status__exact=failed"),
    ApiClient: lambda n: ApiClient(id=n, name=f"client-{n:09d}", scopes=["data:write"], created_at=_at(n)),
    ApiKey: lambda n: ApiKey(client_id=n, ident=f"apron_{n:06d}", digest=f"{n:064d}", created_at=_at(n)),
    Alert: lambda n: Alert(
        id=n, source="inflight", key=f"delivery-{n}", state="failed", severity="error", title=f"Delivery {n} failed",
        path=f"/admin/inflight/delivery/{n}/change/", status="over", notice="", since=_at(n), ended_at=_at(n),
    ),
    AlertMessage: lambda n: AlertMessage(
        id=n, channel="webhook", content={"title": f"Delivery {n} failed"}, status="sent", created_at=_at(n), sent_at=_at(n)
    ),
    AuditEntry: lambda n: AuditEntry(
        at=_at(n), actor_type="client" if n % 3 else "user", actor=f"actor-{n % 999}", address=f"10.0.{n % 200}.{n % 250}",
        request_id=f"{n:032x}", act=f"act_{n % 30}", object_type="inflight.delivery", object_key=str(n),
    ),
    Schedule: lambda n: Schedule(name=f"own {n}", func="inflight.tasks.deliver_due", schedule_type="I", minutes=1),
    OrmQ: lambda n: OrmQ(key="apron", payload="", lock=_at(n)),
    Failure: lambda n: Failure(
        id=f"{n:032d}", name=f"task {n}", func="inflight.tasks.deliver_due", started=_at(n), stopped=_at(n), success=False,
        result="boom", attempt_count=1,
    ),
    User: lambda n: User(username=f"user-{n}"),
    Authenticator: lambda n: Authenticator(user=_user(n), type="totp", data={"secret": "hidden"}),
    SocialAccount: lambda n: SocialAccount(user=_user(n), provider="https://idp.example", uid=f"person-{n}"),
    Group: lambda n: Group(name=f"group-{n}"),
}  # fmt: skip
BEFORE: dict[type[Model], tuple[type[Model], ...]] = {
    ApiKey: (ApiClient,),  # whose rows have to be there first
    Purchase: (Customer,),
    ImportReject: (ImportRun,),
    ProductReject: (ProductImport,),
    DeliveryBatch: (Delivery,),
    DeliveryAttempt: (Delivery, DeliveryBatch),
    Offer: (Product,),
    OfferChange: (Product, Offer),
    MetadataEvent: (Metadata,),
    Authenticator: (User,),
    SavedFilter: (User,),
    SocialAccount: (User,),
}


def make_rows(model: type[Model], number: int) -> None:
    """Make so many rows of a model, and of those that they belong to."""
    for each in (*BEFORE.get(model, ()), model):
        manager: Any = each._default_manager
        manager.bulk_create(map(ROWS[each], range(1, number + 1)), batch_size=CHUNK, ignore_conflicts=True)
