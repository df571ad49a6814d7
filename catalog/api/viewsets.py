"""The API of the catalogue."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.filters import ProductFilter
from catalog.api.serializers import (
    CREATED,
    MOST_PRODUCTS,
    PRODUCT,
    OfferOutput,
    OffersQuery,
    PriceTrendOutput,
    ProductInput,
    ProductOutput,
    ProductsInput,
    TrendQuery,
    price_trend_document,
)
from catalog.models import Product
from catalog.selectors import offers_of, price_trend
from catalog.services import products
from config.access.scopes import Scope
from config.api.openapi import one_or_many
from config.api.renderers import XlsxRenderer
from config.api.strict import Input, validated
from config.api.viewsets import ListMixin, RetrieveMixin, idempotent
from config.core.json import dumps


@extend_schema_view(
    list=extend_schema(operation_id="list_products", description="List products, by id."),
    retrieve=extend_schema(operation_id="get_product", description="Show one product."),
)
class ProductViewSet(ListMixin, RetrieveMixin):
    """Products of the real world, which shops sell."""

    queryset = Product.objects.all()
    serializer_class = ProductOutput
    filterset_class = ProductFilter
    query_classes = {"offers": OffersQuery, "price_trend": TrendQuery}
    ordering = "id"
    lookup_value_converter = "uuid"
    renderer_classes = (*ListMixin.renderer_classes, XlsxRenderer)
    read_scope, write_scope = Scope.CATALOG_READ, Scope.CATALOG_WRITE
    volatile_fields = frozenset({"registration", "registration_error", "offers_observed_at", "offers_error"})

    def get_queryset(self) -> QuerySet[Product]:
        is_change = self.request.method not in (*SAFE_METHODS, "POST")
        return super().get_queryset().select_for_update() if is_change else super().get_queryset()

    @extend_schema(
        operation_id="create_product",
        request=one_or_many("ProductOrProducts", ProductInput, allow_empty=False, max_length=MOST_PRODUCTS),
        responses={201: one_or_many("CreatedProductOrProducts", ProductOutput)},
        examples=[
            OpenApiExample("Example", value=PRODUCT, request_only=True),
            OpenApiExample("Example", value=CREATED, response_only=True),
        ],
    )
    @idempotent
    def create(self, request: Request) -> HttpResponseBase:
        """Create a product, or several, all or none. Each is registered with the offers service soon; `registration` tells."""
        if not isinstance(request.data, list):
            return self.creation_response(products.create_product(**validated(ProductInput, request.data)))
        serializer = ProductsInput(child=ProductInput(), data=request.data, allow_empty=False, max_length=MOST_PRODUCTS)
        serializer.is_valid(raise_exception=True)
        return self.bulk_response(products.create_products(serializer.validated_data))

    def creation_response(self, product: Product) -> HttpResponseBase:
        return self.respond(product, status=201, headers={"Location": f"/api/products/{product.pk}"})

    def bulk_response(self, created: Sequence[Product]) -> HttpResponseBase:
        body = dumps(self.get_serializer(created, many=True).data)
        return HttpResponse(body, status=201, content_type="application/json")

    def resumed_response(self, resource: Any) -> HttpResponseBase:
        if not isinstance(resource, list):
            return super().resumed_response(resource)
        kept = {str(key): product for key, product in Product.objects.in_bulk(resource).items()}
        return self.bulk_response([kept[key] for key in resource if key in kept])

    @extend_schema(operation_id="replace_product", request=ProductInput)
    def update(self, request: Request, pk: Any, *, partial: bool = False) -> HttpResponseBase:
        """Replace a product's name, description, sku and category."""
        data = validated(ProductInput, request.data, partial=partial)
        with transaction.atomic():
            product = products.update_product(self.get_object().pk, **data)
        return self.respond(product)

    @extend_schema(operation_id="change_product", request=ProductInput(partial=True))
    def partial_update(self, request: Request, pk: Any) -> HttpResponseBase:
        """Change a product's name, description, sku or category."""
        return self.update(request, pk, partial=True)

    @extend_schema(operation_id="delete_product")
    def destroy(self, request: Request, pk: Any) -> Response:
        """Delete a product with its offers and their history."""
        with transaction.atomic():
            products.delete_product(self.get_object().pk)
        return Response(status=204)

    @extend_schema(operation_id="register_product", request=None, responses={202: ProductOutput})
    @action(detail=True, methods=["post"])
    def register(self, request: Request, pk: Any) -> HttpResponseBase:
        """Try the registration again, soon; one that is registered stays so."""
        validated(Input, request.data)
        product = self.get_object()
        products.register_again(Product.objects.filter(pk=pk).exclude(registration=Product.Registration.REGISTERED))
        product.refresh_from_db()
        return self.respond(product, status=202, headers={"Location": f"/api/products/{pk}"})

    @extend_schema(operation_id="list_offers", responses=OfferOutput(many=True))
    @action(detail=True, is_list=True, serializer_class=OfferOutput, filter_backends=[])
    def offers(self, request: Request, pk: Any) -> HttpResponseBase:
        """List a product's offers, in the order they first appeared in."""
        return self.list_response(offers_of(self.get_object(), with_gone="include" in self.parameters))

    @extend_schema(operation_id="get_price_trend", responses=PriceTrendOutput)
    @action(detail=True, url_path="price-trend")
    def price_trend(self, request: Request, pk: Any) -> Response:
        """Show how the prices moved in a period, beginning with what was in force at its start; all, or by `interval`."""
        return Response(price_trend_document(price_trend(self.get_object(), **self.parameters)))
