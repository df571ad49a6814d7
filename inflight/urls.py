"""inflight's paths."""

from django.urls import path

from inflight import views

urlpatterns = [
    path("import-csv", views.ImportCsvView.as_view(), name="import-csv"),
    path("imports", views.ImportListView.as_view(), name="imports"),
    path("imports/<int:import_id>", views.ImportDetailView.as_view(), name="import"),
    path("imports/<int:import_id>/rejects", views.ImportRejectsView.as_view(), name="import-rejects"),
    path("send-customers", views.SendCustomersView.as_view(), name="send-customers"),
    path("deliveries", views.DeliveryListView.as_view(), name="deliveries"),
    path("deliveries/<int:delivery_id>", views.DeliveryDetailView.as_view(), name="delivery"),
    path("deliveries/<int:delivery_id>/retry", views.DeliveryRetryView.as_view(), name="delivery-retry"),
    path("customers", views.CustomerListView.as_view(), name="customers"),
    path("customers/<path:customer_id>", views.CustomerDetailView.as_view(), name="customer"),
]
