"""The API of inflight."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.access.scopes import Scope
from config.api.authentication import TokenRequired, require_scope, subject_of
from config.api.imports.views import ImportViewSet
from config.api.openapi import PREFER
from config.api.prefer import prefers_async
from config.api.strict import Input, validated
from config.api.viewsets import ListMixin, RetrieveMixin, idempotent
from config.core.json import dumps
from inflight.api.export_serializers import CustomerExportOutput
from inflight.api.filters import CustomerFilter, DeliveryFilter, ImportFilter, PurchaseFilter
from inflight.api.serializers import (
    SEND_OUTPUT,
    AttemptOutput,
    CustomerOutput,
    DeliveryOutput,
    DeliverySummaryOutput,
    DryRunOutput,
    ImportInput,
    ImportOutput,
    ImportUploadInput,
    PurchaseOutput,
    RejectOutput,
    SendInput,
)
from inflight.imports.rejects_csv import rejects_csv
from inflight.models import Customer, Delivery, ImportReject, ImportRun, Purchase
from inflight.selectors import attempts_of
from inflight.services import deliveries, imports, people


@extend_schema_view(
    list=extend_schema(operation_id="list_imports", description="List imports, newest first."),
    retrieve=extend_schema(operation_id="get_import", description="Show one import: its status, progress and counts."),
)
class ImportRunViewSet(ImportViewSet):
    """Imports of customers and purchases."""

    queryset = ImportRun.objects.all()
    serializer_class = ImportOutput
    filterset_class = ImportFilter
    read_scope, write_scope = Scope.INFLIGHT_READ, Scope.INFLIGHT_IMPORT
    scopes = {"rejects": Scope.PERSONAL_DATA}
    importer = imports.importer
    upload_input = ImportUploadInput
    form_fields = {"customers_file_path": "customers_file", "purchased_file_path": "purchases_file"}

    @extend_schema(
        operation_id="import_csv",
        request=ImportInput,
        responses={201: ImportOutput, 202: ImportOutput},
        parameters=[PREFER],
    )
    @idempotent
    def import_csv(self, request: Request) -> HttpResponseBase:
        """Import a customers file and a purchases file from the server's disk."""
        data = validated(ImportInput, request.data)
        start = imports.queue_import if prefers_async(request) else imports.import_files
        run = start(
            customers_path=data["customers_file_path"],
            purchases_path=data["purchased_file_path"],
            roots=settings.IMPORT_ROOTS,
            dry_run=data["dry_run"],
            requested_by=subject_of(request),
        )
        return self.creation_response(run)

    @extend_schema(
        operation_id="list_rejects",
        responses={(200, "application/json"): RejectOutput(many=True), (200, "text/csv"): OpenApiTypes.STR},
    )
    @action(detail=True, is_list=True, serializer_class=RejectOutput, ordering="id", filter_backends=[])
    def rejects(self, request: Request, pk: int) -> HttpResponseBase:
        """List the rejected rows with all their reasons; as text/csv, all of them in a file to mend and import again."""
        return self.rejects_response(request)

    @extend_schema(
        operation_id="upload_import",
        request={"multipart/form-data": ImportUploadInput},
        responses={201: ImportOutput, 202: ImportOutput},
        parameters=[PREFER],
    )
    @idempotent
    def create(self, request: Request) -> HttpResponseBase:
        """Import a customers file and a purchases file that are uploaded as a form."""
        return self.import_upload(request)

    def rejects_csv(self, rejects: Iterable[ImportReject]) -> Iterator[str]:
        return rejects_csv(rejects)


@extend_schema_view(
    list=extend_schema(operation_id="list_deliveries", description="List deliveries, newest first."),
    retrieve=extend_schema(
        operation_id="get_delivery", responses=DeliveryOutput, description="Show one delivery with its batches."
    ),
)
class DeliveryViewSet(ListMixin, RetrieveMixin):
    """Deliveries of customers to the partner."""

    queryset = Delivery.objects.all()
    serializer_class = DeliveryOutput
    filterset_class = DeliveryFilter
    read_scope, write_scope = Scope.INFLIGHT_READ, Scope.INFLIGHT_SEND
    scopes = {"attempts": Scope.PERSONAL_DATA}  # the partner's answers may quote people
    ordering = "-id"
    lookup_value_converter = "int"

    def get_serializer_class(self) -> Any:
        return DeliverySummaryOutput if self.action == "list" else super().get_serializer_class()

    @extend_schema(
        operation_id="send_customers",
        request=SendInput,
        responses={
            200: SEND_OUTPUT,
            202: DeliveryOutput,
        },
        parameters=[PREFER],
    )
    @idempotent
    def send_customers(self, request: Request) -> HttpResponseBase:
        """Send customers with their purchases to the partner. 200: all acknowledged; 202: the rest goes on by itself."""
        data = validated(SendInput, request.data)
        only, customer_ids = data.get("only", Delivery.Only.ALL), data.get("customer_ids")
        if data["dry_run"]:  # it shows the first request, which names people
            require_scope(request.user, Scope.PERSONAL_DATA, always=False)
            found = deliveries.dry_run(only=only, customer_ids=customer_ids)
            return Response(DryRunOutput(found).data)
        delivery, is_new = deliveries.start_delivery(
            only=only, customer_ids=customer_ids, requested_by=subject_of(request)
        )
        if is_new and not prefers_async(request):
            delivery = deliveries.deliver(delivery, seconds=settings.SEND_BUDGET_SECONDS)
        elif is_new:
            deliveries.deliver_later()
        return self.creation_response(delivery)

    def creation_response(self, delivery: Delivery) -> HttpResponseBase:
        status = 200 if delivery.status == Delivery.Status.DELIVERED else 202
        return self.respond(delivery, status=status, headers={"Location": f"/api/deliveries/{delivery.pk}"})

    @extend_schema(operation_id="retry_delivery", request=None, responses={200: DeliveryOutput, 202: DeliveryOutput})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: int) -> HttpResponseBase:
        """Try now what is not acknowledged, the failed batches too."""
        validated(Input, request.data)
        delivery = deliveries.retry_delivery(self.get_object())
        return self.creation_response(deliveries.deliver(delivery, seconds=settings.SEND_BUDGET_SECONDS))

    @extend_schema(operation_id="pause_delivery", request=None, responses={200: DeliveryOutput})
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: int) -> HttpResponseBase:
        """Hold back what is not sent yet, until resume or retry; a request that is on its way ends."""
        validated(Input, request.data)
        return self.respond(deliveries.pause_delivery(self.get_object()))

    @extend_schema(operation_id="resume_delivery", request=None, responses={200: DeliveryOutput})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: int) -> HttpResponseBase:
        """Have a worker go on with a delivery that is paused."""
        validated(Input, request.data)
        return self.respond(deliveries.resume_delivery(self.get_object()))

    @extend_schema(operation_id="list_attempts", responses=AttemptOutput(many=True))
    @action(detail=True, is_list=True, serializer_class=AttemptOutput, ordering="-id", filter_backends=[])
    def attempts(self, request: Request, pk: int) -> HttpResponseBase:
        """List the requests to the partner that this delivery has made, newest first."""
        return self.list_response(attempts_of(self.get_object()))


@extend_schema_view(
    list=extend_schema(operation_id="list_customers", description="List customers in the partner's shape, by id."),
    retrieve=extend_schema(operation_id="get_customer", description="Show one customer in the partner's shape."),
)
class CustomerViewSet(ListMixin, RetrieveMixin):
    """Customers with their purchases."""

    queryset = Customer.objects.all()
    serializer_class = CustomerOutput
    filterset_class = CustomerFilter
    shows_people = True
    read_scope = write_scope = Scope.PERSONAL_DATA
    ordering = "customer_id"
    lookup_value_converter = "path"

    def get_permissions(self) -> list[Any]:
        """What tells all of a person, or cannot be undone, is for somebody who is known."""
        return [TokenRequired()] if self.action in ("export", "destroy") else [*super().get_permissions()]

    @extend_schema(operation_id="export_customer", responses=CustomerExportOutput)
    def export(self, request: Request, pk: str) -> HttpResponseBase:
        """Show all that is kept of a person. It always needs a token."""
        return HttpResponse(dumps(people.export_customer(pk)), content_type="application/json")

    @extend_schema(operation_id="erase_customer")
    def destroy(self, request: Request, pk: str) -> Response:
        """Erase all that is kept of a person; sales stay, without the link. It always needs a token."""
        if customer := Customer.objects.filter(pk=pk).first():
            self.check_if_match(customer)
        people.erase_customer(pk, requested_by=subject_of(request))
        return Response(status=204)


@extend_schema_view(
    list=extend_schema(operation_id="list_purchases", description="List purchases, by identifier."),
    retrieve=extend_schema(operation_id="get_purchase", description="Show one purchase."),
)
class PurchaseViewSet(ListMixin, RetrieveMixin):
    """Purchases as they were imported."""

    queryset = Purchase.objects.values(*PurchaseOutput.Meta.fields)
    serializer_class = PurchaseOutput
    filterset_class = PurchaseFilter
    shows_people = True
    read_scope = write_scope = Scope.INFLIGHT_READ
    ordering = "purchase_identifier"
    lookup_value_converter = "path"
