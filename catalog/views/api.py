"""The API of the catalogue: parse, call one service or selector, serialize."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.models import Product
from catalog.selectors import offers_of, price_trend
from catalog.serializers import (
    OfferOutput,
    OffersQuery,
    PeriodQuery,
    PriceTrendOutput,
    ProductInput,
    ProductOutput,
    price_trend_document,
)
from catalog.services import products
from config.common.pagination import paginated

PAGE = [
    OpenApiParameter("limit", int, description="1 to 1000, default 100"),
    OpenApiParameter("cursor", str, description="from the Link header of the page before"),
]


class ProductListView(APIView):
    """`GET` and `POST /products`."""

    @extend_schema(operation_id="list_products", responses=ProductOutput(many=True), parameters=PAGE, tags=["catalog"])
    def get(self, request: Request) -> Response:
        """List products, by id."""
        return paginated(
            self, request, Product.objects.all(), lambda page: ProductOutput(page, many=True).data, ordering="id"
        )

    @extend_schema(
        operation_id="create_product", request=ProductInput, responses={201: ProductOutput}, tags=["catalog"]
    )
    def post(self, request: Request) -> Response:
        """Create a product. It is registered with the offers service soon after; `registration` tells."""
        wish = ProductInput(data=request.data)
        wish.is_valid(raise_exception=True)
        product = products.create_product(**wish.validated_data)
        return Response(ProductOutput(product).data, status=201, headers={"Location": f"/api/products/{product.pk}"})


class ProductDetailView(APIView):
    """`GET`, `PUT`, `PATCH` and `DELETE /products/{id}`."""

    @extend_schema(operation_id="get_product", responses=ProductOutput, tags=["catalog"])
    def get(self, request: Request, product_id: UUID) -> Response:
        """Show one product."""
        return Response(ProductOutput(get_object_or_404(Product, pk=product_id)).data)

    @extend_schema(operation_id="replace_product", request=ProductInput, responses=ProductOutput, tags=["catalog"])
    def put(self, request: Request, product_id: UUID) -> Response:
        """Replace a product's name and description."""
        return self._update(request, product_id, partial=False)

    @extend_schema(
        operation_id="change_product", request=ProductInput(partial=True), responses=ProductOutput, tags=["catalog"]
    )
    def patch(self, request: Request, product_id: UUID) -> Response:
        """Change a product's name or description."""
        return self._update(request, product_id, partial=True)

    def _update(self, request: Request, product_id: UUID, *, partial: bool) -> Response:
        wish = ProductInput(data=request.data, partial=partial)
        wish.is_valid(raise_exception=True)
        try:
            product = products.update_product(product_id, **wish.validated_data)
        except Product.DoesNotExist as error:
            raise Http404 from error
        return Response(ProductOutput(product).data)

    @extend_schema(operation_id="delete_product", responses={204: None}, tags=["catalog"])
    def delete(self, request: Request, product_id: UUID) -> Response:
        """Delete a product with its offers and their history."""
        try:
            products.delete_product(product_id)
        except Product.DoesNotExist as error:
            raise Http404 from error
        return Response(status=204)


class ProductRegisterView(APIView):
    """`POST /products/{id}/register`."""

    @extend_schema(operation_id="register_product", request=None, responses={202: ProductOutput}, tags=["catalog"])
    def post(self, request: Request, product_id: UUID) -> Response:
        """Try the registration again, soon; one that is registered stays so."""
        products.register_again(Product.objects.filter(pk=product_id).exclude(registration="registered"))
        product = get_object_or_404(Product, pk=product_id)
        return Response(ProductOutput(product).data, status=202, headers={"Location": f"/api/products/{product_id}"})


class OfferListView(APIView):
    """`GET /products/{id}/offers`."""

    @extend_schema(
        operation_id="list_offers", responses=OfferOutput(many=True), parameters=[OffersQuery, *PAGE], tags=["catalog"]
    )
    def get(self, request: Request, product_id: UUID) -> Response:
        """List a product's offers, in the order they first appeared in."""
        query = OffersQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        offers = offers_of(get_object_or_404(Product, pk=product_id), with_gone="include" in query.validated_data)
        return paginated(self, request, offers, lambda page: OfferOutput(page, many=True).data, ordering="id")


class PriceTrendView(APIView):
    """`GET /products/{id}/price-trend`."""

    @extend_schema(
        operation_id="get_price_trend", responses=PriceTrendOutput, parameters=[PeriodQuery], tags=["catalog"]
    )
    def get(self, request: Request, product_id: UUID) -> Response:
        """Show how the prices moved in a period, beginning with what was in force at its start."""
        period = PeriodQuery(data=request.query_params)
        period.is_valid(raise_exception=True)
        product = get_object_or_404(Product, pk=product_id)
        return Response(price_trend_document(price_trend(product, **period.validated_data)))
