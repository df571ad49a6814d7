"""What of the catalogue needs a person."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.models import Product, ProductImport, RefreshRun
from config.core.admin_columns import capped, list_address
from config.monitoring import import_needs
from config.monitoring.attention import Need

FINE = (RefreshRun.Status.COMPLETED, RefreshRun.Status.RUNNING)


def products() -> Iterator[Need]:
    """Yield that registrations were refused, and that the last refresh stopped or lacks offers."""
    failed = Product.objects.filter(registration=Product.Registration.FAILED)
    if failed.exists():
        yield Need(
            _("Products refused by the offers service: %(number)s.") % {"number": capped(failed)},
            _("See why and retry"),
            list_address(Product, registration__exact=Product.Registration.FAILED),
        )
    run = RefreshRun.objects.exclude(status=RefreshRun.Status.RUNNING).order_by("-pk").first()
    if run and run.status not in FINE:
        text = _("The last refresh of the offers did not complete: %(status)s.") % {"status": run.get_status_display()}
        yield _of(run, text)
    elif run and run.failures:
        yield _of(run, _("Products without offers after the last refresh: %(number)d.") % {"number": run.failures})


def _of(run: RefreshRun, text: str) -> Need:
    return Need(text, _("See why"), reverse("admin:catalog_refreshrun_change", args=(run.pk,)))


def imports() -> Iterator[Need]:
    """Yield the imports of a day that came to nothing, and those with rejected rows that are left."""
    return import_needs.needs(ProductImport, "catalog.import_products")
