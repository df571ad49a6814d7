"""The paths of the catalogue's API."""

from django.urls import path

from catalog.views import api as views

urlpatterns = [
    path("products", views.ProductListView.as_view(), name="products"),
    path("products/<uuid:product_id>", views.ProductDetailView.as_view(), name="product"),
    path("products/<uuid:product_id>/register", views.ProductRegisterView.as_view(), name="product-register"),
    path("products/<uuid:product_id>/offers", views.OfferListView.as_view(), name="product-offers"),
    path("products/<uuid:product_id>/price-trend", views.PriceTrendView.as_view(), name="product-price-trend"),
]
