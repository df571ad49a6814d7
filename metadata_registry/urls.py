"""The registry's paths."""

from django.urls import path

from metadata_registry import views

urlpatterns = [
    path("metadata", views.MetadataListView.as_view(), name="metadata-list"),
    path("metadata/schema", views.PayloadSchemaView.as_view(), name="metadata-schema"),
    path("metadata/<str:metadata_id>", views.MetadataDetailView.as_view(), name="metadata"),
    path("metadata/<str:metadata_id>/restore", views.MetadataRestoreView.as_view(), name="metadata-restore"),
]
