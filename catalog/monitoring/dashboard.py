"""Panel of the catalogue on the admin's first page."""

from django.db.models import F, Sum
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from catalog.models import Product, RefreshRun
from config.core.admin_columns import capped, list_address
from config.monitoring.charts import Series, hour_links, hourly_chart, per_hour
from config.monitoring.dashboard import Figure, Next, Panel, Tone, ago, tone_of


def catalogue() -> Panel:
    """Return how fresh the offers are, what changed, and which products need a person."""
    failed = Product.objects.filter(registration=Product.Registration.FAILED)
    pending = Product.objects.filter(registration=Product.Registration.PENDING)
    run = RefreshRun.objects.order_by("-pk").first()
    add = Next(
        _("There are no products yet."), reverse("admin:catalog_product_add"), _("Add a product"), "catalog.add_product"
    )
    return Panel(
        [
            *_last_refresh(run),
            Figure(_("products"), capped(Product.objects.all()), list_address(Product)),
            Figure(
                _("to be registered"), capped(pending), list_address(Product, registration__exact="pending"),
                tone_of(pending.exists(), Tone.WAITING),
            ),
            Figure(
                _("refused registrations"), capped(failed), list_address(Product, registration__exact="failed"),
                tone_of(failed.exists(), Tone.BAD),
            ),
        ],
        _changes() if run else "",
        next=None if Product.objects.exists() else add,
    )  # fmt: skip


def _last_refresh(run: RefreshRun | None) -> list[Figure]:
    if run is None:
        return [Figure(_("last refresh"), _("never"))]
    went_well = run.status in (RefreshRun.Status.COMPLETED, RefreshRun.Status.RUNNING)
    link = reverse("admin:catalog_refreshrun_change", args=(run.pk,))
    return [
        Figure(
            _("last refresh"),
            _("%(started_at)s, %(run_status)s") % {"started_at": ago(run.started_at), "run_status": _(run.status)},
            link,
            Tone.GOOD if went_well else Tone.BAD,
        ),
        Figure(_("products without offers"), run.failures, link, tone_of(run.failures, Tone.BAD)),
    ]


def _changes() -> str:
    runs = RefreshRun.objects.all()
    changes = per_hour(runs, "started_at", Sum(F("offers_new") + F("offers_changed") + F("offers_gone")))
    failures = per_hour(runs, "started_at", Sum("failures"))
    links = hour_links(RefreshRun, "started_at")
    return hourly_chart(
        gettext("Refresh results by hour"),
        [
            Series(gettext("offers new, changed or gone"), "plain", changes, links),
            Series(gettext("products without offers"), "bad", failures, links),
        ],
    )
