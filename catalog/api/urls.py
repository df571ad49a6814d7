"""The paths of the catalogue's API."""

from catalog.api.imports import ProductImportViewSet
from catalog.api.viewsets import ProductViewSet
from config.api.routers import Router

router = Router()
router.register("products", ProductViewSet, "products")
router.register("product-imports", ProductImportViewSet, "product-imports")

urlpatterns = router.urls
