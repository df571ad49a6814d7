"""Imports of products, and the rows that they rejected."""

from django.db import models
from django.db.models import Q

from config.api.imports.models import ImportRejectBase, ImportRunBase


class ProductImport(ImportRunBase):
    """One import of a file of products."""

    PATHS = ("products_file_path",)

    products_file_path = models.TextField()
    products = models.JSONField(null=True, help_text="counts: read, inserted, updated, unchanged, rejected, skipped")

    class Meta:
        permissions = [("import_products", "Can import products")]
        constraints = [
            models.UniqueConstraint(name="one_product_import", fields=["status"], condition=Q(status="running")),
        ]
        indexes = [  # the filters of the list
            models.Index(name="product_import_by_status", fields=["status", "id"]),
            models.Index(name="product_import_by_requester", fields=["requested_by", "id"]),
            models.Index(name="product_import_by_time", fields=["created_at"]),
        ]


class ProductReject(ImportRejectBase):
    """A rejected row of a file of products."""

    file = "products"

    run = models.ForeignKey(ProductImport, on_delete=models.CASCADE, related_name="rejects", verbose_name="import")

    class Meta:
        verbose_name = "rejected product row"
