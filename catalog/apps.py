"""Catalog: products, their offers from the offers service, and their price history."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from config.worker.schedules import every


class CatalogConfig(AppConfig):
    """Declare periodic tasks, metrics, status, panel and permissions."""

    name = "catalog"
    verbose_name = gettext_lazy("Catalogue")

    def ready(self) -> None:
        from catalog.models import Product, ServiceToken  # noqa: PLC0415 - models must be loaded first
        from catalog.monitoring import attention as needs  # noqa: PLC0415
        from catalog.monitoring import dashboard as panels  # noqa: PLC0415
        from catalog.monitoring.metrics import collect  # noqa: PLC0415
        from catalog.monitoring.status import state  # noqa: PLC0415
        from config.access import audit  # noqa: PLC0415
        from config.core.permissions import analysts_may, operators_may  # noqa: PLC0415
        from config.monitoring import attention, dashboard, metrics, status  # noqa: PLC0415

        audit.watch(Product, fields=["name", "description", "sku", "category"])
        audit.watch(ServiceToken, fields=["base_url"])
        metrics.register(collect)
        status.register("catalog", state)
        every(1, "catalog.tasks.register_products")
        every(1, "catalog.tasks.refresh_offers")
        every(1, "catalog.tasks.run_queued_imports")
        every(24 * 60, "catalog.tasks.drop_old_history")
        every(24 * 60, "catalog.tasks.drop_old_rejects")
        operators_may(
            "catalog.add_product",
            "catalog.change_product",
            "catalog.delete_product",
            "catalog.register_products",
            "catalog.refresh_offers",
            "catalog.import_products",
        )
        analysts_may(
            "catalog.view_product",
            "catalog.view_offer",
            "catalog.view_offerchange",
            "catalog.view_refreshrun",
            "catalog.view_productimport",
            "catalog.view_productreject",
        )
        dashboard.register(gettext_lazy("Catalogue"), "catalog.view_product", panels.catalogue)
        attention.register("catalog.view_product", needs.products)
        attention.register("catalog.view_productimport", needs.imports)
