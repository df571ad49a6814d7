"""Output of the export of what is kept of a person."""

from typing import Any

from rest_framework import serializers

from config.api.imports.serializers import ReasonOutput
from config.api.openapi import example
from inflight.api.serializers import NOON, SentPurchaseOutput
from inflight.models import Customer, DeliveryAttempt, DeliveryBatch, ImportReject, Purchase
from inflight.services.people import ATTEMPT, BATCH, PURCHASE, REJECT


class KeptCustomerOutput(serializers.ModelSerializer[Customer]):
    """A customer's row."""

    class Meta:
        model = Customer
        fields = "__all__"


class KeptPurchaseOutput(serializers.ModelSerializer[Purchase]):
    """A purchase of the customer's."""

    price = serializers.FloatField(help_text="per unit")

    class Meta:
        model = Purchase
        fields = PURCHASE


class SentDocumentOutput(serializers.Serializer[Any]):
    """A customer as they were sent."""

    salutation = serializers.CharField()
    last_name = serializers.CharField()
    first_name = serializers.CharField()
    email = serializers.CharField()
    purchases = SentPurchaseOutput(many=True)


class AttemptTimesOutput(serializers.ModelSerializer[DeliveryAttempt]):
    """A request to the partner."""

    class Meta:
        model = DeliveryAttempt
        fields = ATTEMPT


class KeptBatchOutput(serializers.ModelSerializer[DeliveryBatch]):
    """A batch that the customer is in, and what it says of them while its bytes are kept."""

    delivery = serializers.IntegerField()
    documents = SentDocumentOutput(many=True)
    attempts = AttemptTimesOutput(many=True)

    class Meta:
        model = DeliveryBatch
        fields = ("delivery", *BATCH, "documents", "attempts")


class KeptRejectOutput(serializers.ModelSerializer[ImportReject]):
    """A rejected row about the customer."""

    import_id = serializers.IntegerField()
    reasons = ReasonOutput(many=True)

    class Meta:
        model = ImportReject
        fields = ("import_id", *REJECT)


class LogOutput(serializers.Serializer[Any]):
    """Something that was done with the customer, as the audit has it."""

    action_time = serializers.DateTimeField()
    change_message = serializers.CharField()


class MentionOutput(serializers.Serializer[Any]):
    """A text that names the customer, and perhaps others."""

    table = serializers.CharField()
    id = serializers.JSONField()
    field = serializers.CharField()


@example(
    {
        "customer": {
            "customer_id": "2", "title": "1", "last_name": "Galante", "first_name": "Marie", "postal_code": "06400",
            "city": "Cannes", "email": "marie-galante@france.fr", "needs_sending": False, "changed_at": NOON,
        },
        "purchases": [
            {
                "purchase_identifier": "2/01", "product_id": "0071", "quantity": 1, "price": 91.2, "currency": "USD",
                "purchased_on": "2024-11-03",
            }
        ],
        "deliveries": [
            {
                "delivery": 1, "number": 1, "idempotency_key": "6f1c2a52-5d7a-4b6b-9a43-2f7f0b1c8a10",
                "status": "acknowledged", "acknowledged_at": NOON,
                "documents": [
                    {
                        "salutation": "Mme", "last_name": "Galante", "first_name": "Marie",
                        "email": "marie-galante@france.fr", "purchases": [],
                    }
                ],
                "attempts": [
                    {
                        "request_id": "0b0d1f9e-93a4-4a52-9d0c-5e3b7a1c2d10", "started_at": NOON, "seconds": 0.2,
                        "http_status": 201,
                    }
                ],
            }
        ],
        "rejects": [],
        "admin_log": [],
        "mentions": [],
    }
)  # fmt: skip
class CustomerExportOutput(serializers.Serializer[Any]):
    """All that is kept of a person. `customer` is null where all their rows were rejected."""

    customer = KeptCustomerOutput(allow_null=True)
    purchases = KeptPurchaseOutput(many=True)
    deliveries = KeptBatchOutput(many=True)
    rejects = KeptRejectOutput(many=True)
    admin_log = LogOutput(many=True)
    mentions = MentionOutput(many=True)
