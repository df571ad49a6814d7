"""ingest's paths."""

from django.urls import path

from ingest import views

urlpatterns = [
    path("data", views.DataView.as_view(), name="data"),
    path("data/<int:entry_id>", views.DataDetailView.as_view(), name="data-entry"),
]
