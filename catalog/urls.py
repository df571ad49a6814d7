"""The paths of the catalogue's API."""

from catalog.viewsets import ProductViewSet
from config.common.routers import Router

router = Router()
router.register("products", ProductViewSet, "products")

urlpatterns = router.urls
