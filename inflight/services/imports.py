"""Import two CSV files: store all valid customers and purchases in one transaction."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from compute.reading.csv_file import CsvFile, open_csv
from config.api.imports.importing import Importer, OnProgress
from config.api.imports.loading import FileSpec, Load, Reject
from config.api.imports.parsing import Reason
from config.api.imports.staging import Stage, mark_parents_changed, unstored_parents
from config.worker.queue import wake
from inflight.imports.erased import erased_among, reasons_to_withhold
from inflight.imports.parsing import CUSTOMER_ROW, PURCHASE_ROW
from inflight.models import Customer, Erasure, ImportReject, ImportRun, Purchase

RUN_IMPORTS_TASK = "inflight.tasks.run_queued_imports"
LOCK = "import"


def _unknown_customer(row: Mapping[str, str]) -> Reason:
    message = gettext("%(customer)s is neither in the customers file nor in the database") % {
        "customer": repr(row["customer_id"].strip())
    }
    return {"field": "customer_id", "code": "unknown_customer", "message": message}


CUSTOMERS = FileSpec(
    "customers",
    CUSTOMER_ROW,
    Stage(Customer, ("customer_id", "title", "last_name", "first_name", "postal_code", "city", "email")),
)
PURCHASES = FileSpec(
    "purchases",
    PURCHASE_ROW,
    Stage(
        Purchase, ("purchase_identifier", "customer_id", "product_id", "quantity", "price", "currency", "purchased_on")
    ),
    _unknown_customer,
)


class _Importer(Importer[ImportRun]):
    """Imports of customers and purchases."""

    model = ImportRun
    reject_model = ImportReject
    files = {"customers_file_path": CUSTOMERS, "purchased_file_path": PURCHASES}
    lock = LOCK
    address = "/api/imports"

    def open_file(self, path: str, **options: Any) -> CsvFile:
        return open_csv(path, **options)

    def wake(self) -> None:
        wake(RUN_IMPORTS_TASK)

    def reject_row(self, run: ImportRun, load: Load, reject: Reject) -> ImportReject:
        return ImportReject(run=run, file=load.spec.name, **reject._asdict())

    def refuse(self, loads: list[Load]) -> None:
        """Refuse purchases of unknown customers, and the rows of erased persons, whom an old file would bring back.

        Of these only ids that are not stored are looked at.
        """
        PURCHASES.stage.reject_orphans(CUSTOMERS.stage)
        digests = frozenset(Erasure.objects.exclude(digest="").values_list("digest", flat=True))
        erased = erased_among(unstored_parents(PURCHASES.stage, CUSTOMERS.stage), digests) if digests else set()
        for load in loads:
            load.withheld = partial(reasons_to_withhold, digests)
            load.spec.stage.refuse_rows_of(CUSTOMERS.stage.key, sorted(erased))

    def store(self, loads: list[Load]) -> None:
        customers, purchases = loads
        for load in loads:
            load.counts.unchanged += load.spec.stage.drop_unchanged()
        customers.counts.updated = CUSTOMERS.stage.update_changed(
            ", needs_sending = TRUE, changed_at = CURRENT_TIMESTAMP"
        )
        if Customer.objects.exists():  # new customers need sending anyway
            mark_parents_changed(PURCHASES.stage, CUSTOMERS.stage, "needs_sending = TRUE")
        customers.counts.inserted = CUSTOMERS.stage.insert_new()
        purchases.counts.updated = PURCHASES.stage.update_changed()
        purchases.counts.inserted = PURCHASES.stage.insert_new()


importer = _Importer()


def import_files(
    *,
    customers_path: str,
    purchases_path: str,
    roots: list[Path] | None,
    dry_run: bool = False,
    requested_by: str = "",
    on_progress: OnProgress | None = None,
    on_start: Callable[[ImportRun], None] | None = None,
) -> ImportRun:
    """Import both files now and return the finished run; the rest as `Importer.import_files`."""
    return importer.import_files(
        _paths(customers_path, purchases_path),
        roots=roots,
        dry_run=dry_run,
        requested_by=requested_by,
        on_progress=on_progress,
        on_start=on_start,
    )


def queue_import(
    *,
    customers_path: str,
    purchases_path: str,
    roots: list[Path],
    dry_run: bool = False,
    requested_by: str = "",
) -> ImportRun:
    """Have a worker import both files, after the same first look at them; return the queued run."""
    paths = _paths(customers_path, purchases_path)
    return importer.queue(paths, roots=roots, dry_run=dry_run, requested_by=requested_by)


def _paths(customers_path: str, purchases_path: str) -> dict[str, str]:
    return {"customers_file_path": customers_path, "purchased_file_path": purchases_path}


import_again = importer.again
run_queued_imports = importer.run_queued
mark_interrupted_imports = importer.mark_interrupted
