"""The HTTP face of inflight: parse, call one service or selector, serialize."""

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.common.authentication import subject_of
from config.common.bodies import JsonRenderer
from config.common.pagination import paginated
from config.common.preferences import prefers_async
from inflight.models import Customer, Delivery, ImportRun
from inflight.rejects_csv import rejects_csv
from inflight.selectors import outgoing_customers
from inflight.serializers import (
    CustomerOutput,
    DeliveryOutput,
    DeliverySummaryOutput,
    ImportInput,
    ImportOutput,
    RejectOutput,
    SendInput,
)
from inflight.services import deliveries, imports

PREFER = OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="respond-async: do not wait, answer 202")
PAGE = [
    OpenApiParameter("limit", int, description="1 to 1000, default 100"),
    OpenApiParameter("cursor", str, description="from the Link header of the page before"),
]


class ImportCsvView(APIView):
    """`POST /import-csv`."""

    @extend_schema(
        operation_id="import_csv",
        request=ImportInput,
        responses={201: ImportOutput, 202: ImportOutput},
        parameters=[PREFER],
        tags=["inflight"],
    )
    def post(self, request: Request) -> Response:
        """Import a customers file and a purchases file from the server's disk."""
        wish = ImportInput(data=request.data)
        wish.is_valid(raise_exception=True)
        arguments: dict[str, Any] = {
            "customers_path": wish.validated_data["customers_file_path"],
            "purchases_path": wish.validated_data["purchased_file_path"],
            "roots": settings.IMPORT_ROOTS,
            "dry_run": wish.validated_data["dry_run"],
            "requested_by": subject_of(request),
        }
        if prefers_async(request):
            return _import_response(imports.queue_import(**arguments), 202)
        return _import_response(imports.import_files(**arguments), 201)


def _import_response(run: ImportRun, status: int) -> Response:
    return Response(ImportOutput(run).data, status=status, headers={"Location": f"/api/imports/{run.pk}"})


class ImportListView(APIView):
    """`GET /imports`."""

    @extend_schema(operation_id="list_imports", responses=ImportOutput(many=True), parameters=PAGE, tags=["inflight"])
    def get(self, request: Request) -> Response:
        """List imports, newest first."""
        return paginated(
            self, request, ImportRun.objects.all(), lambda page: ImportOutput(page, many=True).data, ordering="-id"
        )


class ImportDetailView(APIView):
    """`GET /imports/{id}`."""

    @extend_schema(operation_id="get_import", responses=ImportOutput, tags=["inflight"])
    def get(self, request: Request, import_id: int) -> Response:
        """Show one import: its status, progress and counts."""
        return Response(ImportOutput(get_object_or_404(ImportRun, pk=import_id)).data)


class CsvRenderer(JsonRenderer):
    """Lets a client ask for text/csv, which the view itself streams; a problem stays JSON."""

    media_type = "text/csv"
    format = "csv"


class ImportRejectsView(APIView):
    """`GET /imports/{id}/rejects`."""

    renderer_classes = (JsonRenderer, CsvRenderer)

    @extend_schema(
        operation_id="list_rejects",
        responses={(200, "application/json"): RejectOutput(many=True), (200, "text/csv"): OpenApiTypes.STR},
        parameters=PAGE,
        tags=["inflight"],
    )
    def get(self, request: Request, import_id: int) -> HttpResponseBase:
        """List the rejected rows with all their reasons; as text/csv, all of them in a file to mend and import again."""
        rejects = get_object_or_404(ImportRun, pk=import_id).rejects.order_by("id")
        if isinstance(request.accepted_renderer, CsvRenderer):
            return StreamingHttpResponse(
                rejects_csv(rejects.iterator()),
                content_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="rejects-{import_id}.csv"'},
            )
        return paginated(self, request, rejects, lambda page: RejectOutput(page, many=True).data, ordering="id")


class SendCustomersView(APIView):
    """`POST /send-customers`."""

    @extend_schema(
        operation_id="send_customers",
        request=SendInput,
        responses={200: DeliveryOutput, 202: DeliveryOutput},
        parameters=[PREFER],
        tags=["inflight"],
    )
    def post(self, request: Request) -> Response:
        """Send customers with their purchases to the partner. 200: all acknowledged; 202: the rest goes on by itself."""
        wish = SendInput(data=request.data or {})
        wish.is_valid(raise_exception=True)
        delivery, is_new = deliveries.start_delivery(only=wish.validated_data["only"], requested_by=subject_of(request))
        if is_new and not prefers_async(request):
            delivery = deliveries.deliver(delivery, seconds=settings.SEND_BUDGET_SECONDS)
        elif is_new:
            deliveries.deliver_later()
        return _delivery_response(delivery)


def _delivery_response(delivery: Delivery) -> Response:
    status = 200 if delivery.status == Delivery.Status.DELIVERED else 202
    return Response(
        DeliveryOutput(delivery).data, status=status, headers={"Location": f"/api/deliveries/{delivery.pk}"}
    )


class DeliveryListView(APIView):
    """`GET /deliveries`."""

    @extend_schema(
        operation_id="list_deliveries", responses=DeliverySummaryOutput(many=True), parameters=PAGE, tags=["inflight"]
    )
    def get(self, request: Request) -> Response:
        """List deliveries, newest first."""
        return paginated(
            self,
            request,
            Delivery.objects.all(),
            lambda page: DeliverySummaryOutput(page, many=True).data,
            ordering="-id",
        )


class DeliveryDetailView(APIView):
    """`GET /deliveries/{id}`."""

    @extend_schema(operation_id="get_delivery", responses=DeliveryOutput, tags=["inflight"])
    def get(self, request: Request, delivery_id: int) -> Response:
        """Show one delivery with its batches."""
        return Response(DeliveryOutput(get_object_or_404(Delivery, pk=delivery_id)).data)


class DeliveryRetryView(APIView):
    """`POST /deliveries/{id}/retry`."""

    @extend_schema(
        operation_id="retry_delivery",
        request=None,
        responses={200: DeliveryOutput, 202: DeliveryOutput},
        tags=["inflight"],
    )
    def post(self, request: Request, delivery_id: int) -> Response:
        """Try now what is not acknowledged, the failed batches too."""
        delivery = deliveries.retry_delivery(get_object_or_404(Delivery, pk=delivery_id))
        return _delivery_response(deliveries.deliver(delivery, seconds=settings.SEND_BUDGET_SECONDS))


class CustomerListView(APIView):
    """`GET /customers`."""

    @extend_schema(
        operation_id="list_customers", responses=CustomerOutput(many=True), parameters=PAGE, tags=["inflight"]
    )
    def get(self, request: Request) -> Response:
        """List customers in the partner's shape, by id."""
        return paginated(self, request, Customer.objects.all(), outgoing_customers, ordering="customer_id")


class CustomerDetailView(APIView):
    """`GET /customers/{customer_id}`."""

    @extend_schema(operation_id="get_customer", responses=CustomerOutput, tags=["inflight"])
    def get(self, request: Request, customer_id: str) -> Response:
        """Show one customer in the partner's shape."""
        return Response(outgoing_customers([get_object_or_404(Customer, pk=customer_id)])[0])
