"""Input and output of inflight's API. Inputs and outputs are separate classes, so that OpenAPI names are stable."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from config.api.imports.serializers import CountsOutput, ReasonOutput, file_field
from config.api.openapi import example
from config.api.serializers import RowOutput
from config.api.strict import FlagField, FlagParameter, Input, TextField, WordField
from inflight.models import Customer, Delivery, DeliveryAttempt, DeliveryBatch, ImportReject, ImportRun, Purchase
from inflight.selectors import outgoing_customers

MOST_CUSTOMERS = 1000  # named in one request
NOON = "2026-11-26T12:00:00Z"  # in examples
DELIVERY = {
    "id": 1, "status": "delivered", "is_paused": False, "only": "changed", "requested_by": "operator", "failed_rounds": 0,
    "next_attempt_at": None, "created_at": NOON, "finished_at": NOON,
}  # fmt: skip


@example(
    {"customers_file_path": "/opt/custexport/customers.csv", "purchased_file_path": "/opt/custexport/purchases.csv"}
)
class ImportInput(Input):
    """Two CSV files on the server's disk."""

    customers_file_path = TextField(max_length=4096, help_text="path on the server")
    purchased_file_path = TextField(max_length=4096, help_text="path on the server")
    dry_run = FlagField(default=False, help_text="find out everything, change nothing")


class ImportUploadInput(Input):
    """Two CSV files, or workbooks, as a form."""

    customers_file = file_field("customers_file", help_text="the customers' file")
    purchases_file = file_field("purchases_file", help_text="the purchases' file")
    dry_run = FlagParameter(default=False, help_text="find out everything, change nothing")


class ReadAsOutput(serializers.Serializer[Any]):
    """How each file was read: the encoding, with "a guess" where it is one, or the sheet of a workbook."""

    customers = serializers.CharField()
    purchases = serializers.CharField()


@example(
    {
        "id": 1, "status": "completed", "dry_run": False, "customers_file_path": "/opt/custexport/customers.csv",
        "purchased_file_path": "/opt/custexport/purchases.csv",
        "customers": {"read": 2, "inserted": 2, "updated": 0, "unchanged": 0, "rejected": 0, "skipped": 0},
        "purchases": {"read": 4, "inserted": 4, "updated": 0, "unchanged": 0, "rejected": 0, "skipped": 0},
        "read_as": {"customers": "utf-8", "purchases": "cp1252, a guess"}, "progress": 1.0, "error": "",
        "requested_by": "operator", "mends": None, "created_at": NOON, "started_at": NOON, "finished_at": NOON,
    }
)  # fmt: skip
class ImportOutput(serializers.ModelSerializer[ImportRun]):
    """One import. The counts are null until it has ended."""

    customers = CountsOutput(allow_null=True)
    purchases = CountsOutput(allow_null=True)
    read_as = ReadAsOutput(allow_null=True)

    class Meta:
        model = ImportRun
        fields = (
            "id", "status", "dry_run", "customers_file_path", "purchased_file_path", "customers", "purchases",
            "read_as", "progress", "error", "requested_by", "mends", "created_at", "started_at", "finished_at",
        )  # fmt: skip


@example(
    {
        "file": "purchases", "line": 3, "reasons": [{"field": "quantity", "code": "invalid", "message": "Must be 1 or more."}],
        "raw": "2/02;1;0071;0;91.2;USD;2024-11-03", "row": {"purchase_identifier": "2/02", "quantity": "0"},
    }
)  # fmt: skip
class RejectOutput(serializers.ModelSerializer[ImportReject]):
    """A row that was not taken."""

    reasons = ReasonOutput(many=True)

    class Meta:
        model = ImportReject
        fields = ("file", "line", "reasons", "raw", "row")


@example({"only": "changed"})
class SendInput(Input):
    """What to send: all customers, those new or changed since they were last put into a delivery, or certain ones."""

    only = WordField(choices=[Delivery.Only.ALL, Delivery.Only.CHANGED], required=False, help_text="default: all")
    customer_ids = serializers.ListField(
        child=TextField(max_length=64),
        required=False,
        min_length=1,
        max_length=MOST_CUSTOMERS,
        error_messages={
            "not_a_list": 'Give a list of ids, such as ["1"].',
            "min_length": "Give at least one id.",
            "max_length": "Give at most {max_length} ids.",
        },
        help_text="these customers, instead of `only`",
    )
    dry_run = FlagField(default=False, help_text="say what would be sent, and send nothing")

    def validate(self, attrs: Any) -> Any:
        if "only" in attrs and "customer_ids" in attrs:
            raise serializers.ValidationError({"only": [_("Omit it: customer_ids says which customers to send.")]})
        return attrs


@example(
    {
        "customers": 1200, "batches": 3, "first_body_bytes": 210400, "estimated_bytes": 504960,
        "first_body": [
            {"salutation": "Mme", "last_name": "Galante", "first_name": "Marie", "email": "m@fr.fr", "purchases": []}
        ],
    }
)  # fmt: skip
class DryRunOutput(serializers.Serializer[Any]):
    """What would be sent."""

    customers = serializers.IntegerField()
    batches = serializers.IntegerField(help_text="requests, of DELIVERY_BATCH_SIZE customers")
    first_body_bytes = serializers.IntegerField(help_text="before it is compressed")
    estimated_bytes = serializers.IntegerField(help_text="of all bodies, if the others are like the first")
    first_body = serializers.ListField(child=serializers.DictField(), help_text="the exact body of the first request")


class BatchOutput(serializers.ModelSerializer[DeliveryBatch]):
    """One request to the partner, over all its attempts."""

    next_attempt_at = serializers.SerializerMethodField()
    split_from = serializers.IntegerField(
        source="split_from.number", allow_null=True, default=None, help_text="the batch that it is a half of"
    )

    class Meta:
        model = DeliveryBatch
        fields = (
            "number", "split_from", "status", "customers", "idempotency_key", "attempts", "next_attempt_at", "last_error",
            "http_status", "acknowledged_at",
        )  # fmt: skip

    def get_next_attempt_at(self, batch: DeliveryBatch) -> datetime | None:
        """All pending batches wait together for the delivery's next attempt."""
        return self.context["delivery"].next_attempt_at if batch.status == DeliveryBatch.Status.PENDING else None


@example(DELIVERY)
class DeliverySummaryOutput(serializers.ModelSerializer[Delivery]):
    """One delivery, without its batches."""

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            "id", "status", "is_paused", "only", "requested_by", "failed_rounds", "next_attempt_at", "created_at",
            "finished_at",
        )  # fmt: skip


DELIVERY_WITH_BATCHES = DELIVERY | {
    "batches": [
        {
            "number": 1, "split_from": None, "status": "acknowledged", "customers": 2, "attempts": 1,
            "idempotency_key": "6f1c2a52-5d7a-4b6b-9a43-2f7f0b1c8a10", "next_attempt_at": None,
            "last_error": "", "http_status": 201, "acknowledged_at": NOON,
        }
    ]
}  # fmt: skip


@example(DELIVERY_WITH_BATCHES)
class DeliveryOutput(DeliverySummaryOutput):
    """One delivery with its batches."""

    batches = serializers.SerializerMethodField()

    class Meta(DeliverySummaryOutput.Meta):
        fields = (*DeliverySummaryOutput.Meta.fields, "batches")

    def get_batches(self, delivery: Delivery) -> list[dict[str, Any]]:
        """The batches in the order they are sent in, without their bytes."""
        batches = (
            delivery.batches.order_by("number").select_related("split_from").defer("payload", "split_from__payload")
        )
        return list(BatchOutput(batches, many=True, context={"delivery": delivery}).data)


SEND_OUTPUT = example(DELIVERY_WITH_BATCHES)(
    PolymorphicProxySerializer("SendOutput", [DeliveryOutput, DryRunOutput], resource_type_field_name=None)
)


@example(
    {
        "batch": 1, "request_id": "0b8e8f1e-6f0f-4a43-8c6f-1e0d1f3c2a11", "started_at": NOON, "seconds": 0.05,
        "http_status": 201, "error": "", "answer": '{"received": 500}',
    }
)  # fmt: skip
class AttemptOutput(serializers.ModelSerializer[DeliveryAttempt]):
    """One request to the partner. `seconds` is null while it is made, and where our process ended in its middle."""

    batch = serializers.IntegerField(source="batch.number")

    class Meta:
        model = DeliveryAttempt
        fields = ("batch", "request_id", "started_at", "seconds", "http_status", "error", "answer")


class SentPurchaseOutput(serializers.Serializer[Any]):
    """A purchase in the partner's shape."""

    product_id = serializers.CharField()
    price = serializers.FloatField()
    currency = serializers.CharField()
    quantity = serializers.IntegerField()
    purchased_at = serializers.DateField()


class CustomerListSerializer(serializers.ListSerializer[Any]):
    """Many customers at once, in two queries."""

    def to_representation(self, data: Any) -> list[Any]:
        return list(outgoing_customers(data))


@example(
    {
        "salutation": "Mme", "last_name": "Galante", "first_name": "Marie", "email": "marie-galante@france.fr",
        "purchases": [
            {"product_id": "0071", "price": 91.2, "currency": "dollars", "quantity": 1, "purchased_at": "2024-11-03"}
        ],
    }
)  # fmt: skip
class CustomerOutput(serializers.Serializer[Any]):
    """A customer in the partner's shape."""

    salutation = serializers.CharField()
    last_name = serializers.CharField()
    first_name = serializers.CharField()
    email = serializers.CharField()
    purchases = SentPurchaseOutput(many=True)

    class Meta:
        list_serializer_class = CustomerListSerializer

    def to_representation(self, instance: Customer) -> Any:
        return outgoing_customers([instance])[0]


@example(
    {
        "purchase_identifier": "2/01", "customer_id": "2", "product_id": "0071", "quantity": 1, "price": 91.2,
        "currency": "USD", "purchased_on": "2024-11-03",
    }
)  # fmt: skip
class PurchaseOutput(RowOutput):
    """A purchase as it was imported."""

    customer_id = serializers.CharField(allow_null=True, help_text="null: the customer was erased")
    price = serializers.FloatField(help_text="per unit")

    class Meta:
        model = Purchase
        fields = (
            "purchase_identifier", "customer_id", "product_id", "quantity", "price", "currency", "purchased_on",
        )  # fmt: skip
