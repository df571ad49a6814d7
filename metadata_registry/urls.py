"""The paths of the registry's API."""

from config.common.routers import Router
from metadata_registry.viewsets import MetadataViewSet

router = Router()
router.register("metadata", MetadataViewSet, "metadata")

urlpatterns = router.urls
