"""Which imports need a person: those with rejected rows that are left, and those that came to nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from config.api.imports.models import ImportRunBase
from config.core.admin_columns import capped, list_address
from config.monitoring.attention import MOST_NAMED, Need, named
from config.monitoring.dashboard import a_day_ago

Status = ImportRunBase.Status
LOOKED_AT = 500  # runs with rejects, the newest, that are asked whether any is left


def needs(model: type[ImportRunBase], may_import: str) -> Iterator[Need]:
    """Yield a line for each run whose rejected rows are left, and for each that failed within a day."""
    yield from _with_rejects(model, may_import)
    yield from _failed(model, may_import)


def _with_rejects(model: Any, may_import: str) -> Iterator[Need]:
    since = timezone.now() - timedelta(days=settings.REJECT_RETENTION_DAYS)
    runs = model.objects.filter(
        status=Status.COMPLETED_WITH_REJECTS, dry_run=False, mends=None, created_at__gte=since
    ).order_by("-pk")
    newest = model.objects.filter(pk__in=list(runs.values_list("pk", flat=True)[:LOOKED_AT]))
    rejects = model._meta.get_field("rejects").related_model.objects
    left = newest.filter(Exists(rejects.filter(run=OuterRef("pk")))).order_by("-pk")
    yield from named(
        left[: MOST_NAMED + 1],
        lambda run: Need(
            _("%(what)s %(id)s has rejected rows that are not corrected yet.") % {"what": _name(model), "id": run.pk},
            _("Correct the rejected rows"),
            _address(model, "mend", run),
            needs=may_import,
            look=_address(model, "change", run),
        ),
        lambda: Need(
            _("%(number)s %(what)s have rejected rows that are not corrected yet.")
            % {"number": capped(left), "what": model._meta.verbose_name_plural},
            _("View the imports"),
            list_address(model, status__exact=Status.COMPLETED_WITH_REJECTS),
        ),
    )


def _failed(model: Any, may_import: str) -> Iterator[Need]:
    came_to_nothing = model.objects.filter(
        status__in=[Status.FAILED, Status.INTERRUPTED], dry_run=False, mends=None, created_at__gte=a_day_ago()
    )
    done = model.objects.filter(dry_run=False, pk__gt=OuterRef("pk")).exclude(
        status__in=[Status.FAILED, Status.INTERRUPTED]
    )
    same_files = done.filter(**{path: OuterRef(path) for path in model.PATHS})
    failed = came_to_nothing.exclude(Exists(same_files)).order_by("-pk")
    yield from named(
        failed[: MOST_NAMED + 1],
        lambda run: Need(
            _("%(what)s %(id)s failed: none of its rows was imported.") % {"what": _name(model), "id": run.pk},
            _("Import these files"),
            _address(model, "import_again", run),
            needs=may_import,
            look=_address(model, "change", run),
        ),
        lambda: Need(
            _("%(number)s %(what)s failed in the last 24 hours.")
            % {"number": capped(failed), "what": model._meta.verbose_name_plural},
            _("View the imports"),
            list_address(model, status__exact=Status.FAILED),
        ),
    )


def _name(model: Any) -> str:
    return str(model._meta.verbose_name).capitalize()


def _address(model: Any, page: str, run: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=(run.pk,))
