"""The paths of inflight's API."""

from django.urls import path

from config.api.routers import Router
from inflight.api.viewsets import CustomerViewSet, DeliveryViewSet, ImportRunViewSet, PurchaseViewSet

router = Router()
router.register("imports", ImportRunViewSet, "imports")
router.register("deliveries", DeliveryViewSet, "deliveries")
router.register("customers", CustomerViewSet, "customers")
router.register("purchases", PurchaseViewSet, "purchases")

urlpatterns = [
    path("import-csv", ImportRunViewSet.as_view({"post": "import_csv"}), name="import-csv"),
    path("send-customers", DeliveryViewSet.as_view({"post": "send_customers"}), name="send-customers"),
    # Before the router's: an id may have slashes, and would be taken to end in /export.
    path("customers/<path:pk>/export", CustomerViewSet.as_view({"get": "export"}), name="customers-export"),
    *router.urls,
]
