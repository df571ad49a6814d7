"""The paths of compute's API, below /compute."""

from django.urls import path

from compute.api.file_viewsets import FileViewSet
from compute.api.job_viewsets import JobViewSet
from config.api.routers import Router

router = Router()
router.register("jobs", JobViewSet, "jobs")
router.register("files", FileViewSet, "files")

urlpatterns = [
    path("group_by", JobViewSet.as_view({"post": "group_by"}), name="compute-group-by"),
    path("non_null", JobViewSet.as_view({"post": "non_null"}), name="compute-non-null"),
    path("stats", JobViewSet.as_view({"post": "stats"}), name="compute-stats"),
    path("profile", JobViewSet.as_view({"post": "profile"}), name="compute-profile"),
    # Before the files' own paths, which take everything behind files/.
    path("files/<path:pk>/preview", FileViewSet.as_view({"get": "preview"}), name="compute-preview"),
    *router.urls,
]
