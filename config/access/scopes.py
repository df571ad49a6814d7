"""Scopes: what a caller of the API may do."""

from django.db.models import TextChoices


class Scope(TextChoices):
    """One thing that a caller may be allowed to do. Each operation of the API needs one."""

    INFLIGHT_IMPORT = "inflight:import", "import customers and purchases"
    INFLIGHT_SEND = "inflight:send", "send customers to the partner; pause, resume and retry deliveries"
    INFLIGHT_READ = "inflight:read", "read imports, deliveries and purchases"
    PERSONAL_DATA = (
        "customers:personal-data",
        "read, export and erase customers; read rejected rows and the partner's answers",
    )
    CATALOG_READ = "catalog:read", "read products, offers and prices"
    CATALOG_WRITE = "catalog:write", "create, change, delete and register products"
    METADATA_READ = "metadata:read", "read metadata"
    METADATA_WRITE = "metadata:write", "register, delete and restore metadata"
    DATA_READ = "data:read", "read what was published"
    DATA_WRITE = "data:write", "publish"
    COMPUTE_RUN = "compute:run", "run jobs; bring, rename and delete files of one's own"
    COMPUTE_READ = "compute:read", "read jobs and files of one's own, and files that are nobody's"
    COMPUTE_READ_ALL = "compute:read-all", "read everybody's jobs and files, with compute:read"
    METRICS_READ = "metrics:read", "read the metrics"
    ADMIN = "admin", "everything"
