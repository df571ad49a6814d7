"""Input and output of inflight's API. Inputs and outputs are separate classes, so that OpenAPI names are stable."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from config.common.serializers import RowOutput
from config.common.strict import FlagField, Input, TextField, WordField
from inflight.models import Customer, Delivery, DeliveryBatch, ImportReject, ImportRun, Purchase
from inflight.selectors import outgoing_customers


class ImportInput(Input):
    """Two CSV files on the server's disk."""

    customers_file_path = TextField(max_length=4096, help_text="path on the server")
    purchased_file_path = TextField(max_length=4096, help_text="path on the server")
    dry_run = FlagField(default=False, help_text="find out everything, change nothing")


class CountsOutput(serializers.Serializer[Any]):
    """What became of a file's rows: read = inserted + updated + unchanged + rejected."""

    read = serializers.IntegerField()
    inserted = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    skipped = serializers.IntegerField(help_text="blank lines")


class ImportOutput(serializers.ModelSerializer[ImportRun]):
    """One import. The counts are null until it has ended."""

    customers = CountsOutput(allow_null=True)
    purchases = CountsOutput(allow_null=True)

    class Meta:
        model = ImportRun
        fields = (
            "id", "status", "dry_run", "customers_file_path", "purchased_file_path", "customers", "purchases",
            "progress", "error", "requested_by", "created_at", "started_at", "finished_at",
        )  # fmt: skip


class ReasonOutput(serializers.Serializer[Any]):
    """One thing that is wrong with a row."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class RejectOutput(serializers.ModelSerializer[ImportReject]):
    """A row that was not taken."""

    reasons = ReasonOutput(many=True)

    class Meta:
        model = ImportReject
        fields = ("file", "line", "reasons", "raw", "row")


class SendInput(Input):
    """What to send: all customers, or those new or changed since they were last put into a delivery."""

    only = WordField(choices=Delivery.Only.choices, default=Delivery.Only.ALL)


class BatchOutput(serializers.ModelSerializer[DeliveryBatch]):
    """One request to the partner, over all its attempts."""

    next_attempt_at = serializers.SerializerMethodField()

    class Meta:
        model = DeliveryBatch
        fields = (
            "number", "status", "customers", "idempotency_key", "attempts", "next_attempt_at", "last_error", "http_status",
            "acknowledged_at",
        )  # fmt: skip

    def get_next_attempt_at(self, batch: DeliveryBatch) -> datetime | None:
        """All pending batches wait together for the delivery's next attempt."""
        return self.context["delivery"].next_attempt_at if batch.status == DeliveryBatch.Status.PENDING else None


class DeliverySummaryOutput(serializers.ModelSerializer[Delivery]):
    """One delivery, without its batches."""

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            "id", "status", "only", "requested_by", "failed_rounds", "next_attempt_at", "created_at", "finished_at",
        )  # fmt: skip


class DeliveryOutput(DeliverySummaryOutput):
    """One delivery with its batches."""

    batches = serializers.SerializerMethodField()

    class Meta(DeliverySummaryOutput.Meta):
        fields = (*DeliverySummaryOutput.Meta.fields, "batches")

    def get_batches(self, delivery: Delivery) -> list[dict[str, Any]]:
        """The batches in the order they are sent in, without their bytes."""
        batches = delivery.batches.order_by("number").defer("payload")
        return list(BatchOutput(batches, many=True, context={"delivery": delivery}).data)


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


class PurchaseOutput(RowOutput):
    """A purchase as it was imported."""

    price = serializers.FloatField(help_text="of one piece")

    class Meta:
        model = Purchase
        fields = (
            "purchase_identifier", "customer_id", "product_id", "quantity", "price", "currency", "purchased_on",
        )  # fmt: skip
