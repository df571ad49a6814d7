"""The paths of ingest's API."""

from config.common.routers import Router
from ingest.viewsets import DataEntryViewSet

router = Router()
router.register("data", DataEntryViewSet, "data")

urlpatterns = router.urls
