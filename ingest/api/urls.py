"""The paths of ingest's API."""

from config.api.routers import Router
from ingest.api.viewsets import DataEntryViewSet

router = Router()
router.register("data", DataEntryViewSet, "data")

urlpatterns = router.urls
