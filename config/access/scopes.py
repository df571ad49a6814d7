"""Scopes: what a caller of the API may do."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class Scope(TextChoices):
    """One thing that a caller may be allowed to do. Each operation of the API needs one."""

    INFLIGHT_IMPORT = "inflight:import", gettext_lazy("import customers and purchases")
    INFLIGHT_SEND = "inflight:send", gettext_lazy("send customers to the partner; pause, resume and retry deliveries")
    INFLIGHT_READ = "inflight:read", gettext_lazy("read imports, deliveries and purchases")
    PERSONAL_DATA = (
        "customers:personal-data",
        gettext_lazy("read, export and erase customers; read rejected rows and the partner's answers"),
    )
    CATALOG_READ = "catalog:read", gettext_lazy("read products, offers and prices")
    CATALOG_WRITE = "catalog:write", gettext_lazy("create, change, delete and register products")
    METADATA_READ = "metadata:read", gettext_lazy("read metadata")
    METADATA_WRITE = "metadata:write", gettext_lazy("register, delete and restore metadata")
    DATA_READ = "data:read", gettext_lazy("read published entries")
    DATA_WRITE = "data:write", gettext_lazy("publish entries")
    COMPUTE_RUN = "compute:run", gettext_lazy("run jobs; upload, rename and delete one's own files")
    COMPUTE_READ = "compute:read", gettext_lazy("read one's own jobs and files, and files without an owner")
    COMPUTE_READ_ALL = "compute:read-all", gettext_lazy("read everybody's jobs and files, with compute:read")
    METRICS_READ = "metrics:read", gettext_lazy("read the metrics")
    ADMIN = "admin", gettext_lazy("everything")
