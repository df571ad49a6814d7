"""Admin of the catalogue."""

from catalog.admin import imports, products

__all__ = ["imports", "products"]
