"""The paths of the registry's API."""

from config.api.routers import Router
from metadata_registry.api.viewsets import MetadataViewSet

router = Router()
router.register("metadata", MetadataViewSet, "metadata")

urlpatterns = router.urls
