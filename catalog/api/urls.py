"""The paths of the catalogue's API."""

from catalog.api.viewsets import ProductViewSet
from config.api.routers import Router

router = Router()
router.register("products", ProductViewSet, "products")

urlpatterns = router.urls
