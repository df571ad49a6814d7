"""The paths of the catalogue's pages."""

from django.urls import path

from catalog.pages import views as pages

urlpatterns = [
    path("catalogue", pages.catalogue, name="catalogue"),
    path("catalogue/<uuid:product_id>", pages.product, name="catalogue-product"),
]
