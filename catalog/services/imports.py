"""Import products from a file: a row is a product's, whose sku it has; bad rows are kept aside to be mended."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product, ProductImport, ProductReject
from catalog.models.sku import check_sku
from catalog.services.products import REGISTER_TASK
from compute.reading.csv_file import CsvFile, open_csv
from config.api.imports.importing import Importer
from config.api.imports.loading import FileSpec, Load
from config.api.imports.parsing import WHOLE, RowFormat, Text, Value
from config.api.imports.rejects_csv import rejects_csv as as_csv
from config.api.imports.staging import Stage
from config.api.spreadsheets import unescape_formula
from config.worker.queue import wake

RUN_IMPORTS_TASK = "catalog.tasks.run_queued_imports"
REJECT_CHUNK = 1000
NEW_ID = {
    "postgresql": "gen_random_uuid()",
    # A UUID of version 4, as Django writes it: hexadecimal, without hyphens.
    "sqlite": (
        "lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)"
        " || substr('89ab', 1 + abs(random() % 4), 1) || substr(hex(randomblob(8)), 2))"
    ),
}
NEW = {
    "registration": "'pending'",
    "registration_error": "''",
    "registration_attempts": "0",
    "next_registration_at": "CURRENT_TIMESTAMP",
    "created_at": "CURRENT_TIMESTAMP",
    "updated_at": "CURRENT_TIMESTAMP",
}
# What was refused by the offers service is tried again when it is mended, as after a PUT.
CHANGED = """,
    updated_at = CURRENT_TIMESTAMP,
    registration_error = CASE WHEN registration = 'failed' THEN '' ELSE registration_error END,
    registration_attempts = CASE WHEN registration = 'failed' THEN 0 ELSE registration_attempts END,
    next_registration_at = CASE WHEN registration = 'failed' THEN CURRENT_TIMESTAMP ELSE next_registration_at END,
    registration = CASE WHEN registration = 'failed' THEN 'pending' ELSE registration END
"""


def _sku(text: str) -> str:
    text = re.sub(WHOLE, "", text.strip())
    if not text:
        raise ValueError(_("must not be blank: it identifies the product"))
    return check_sku(text)


@dataclass(frozen=True)
class _Exported(Text):
    """A text as our own export has it, with an apostrophe before what a spreadsheet would take for a formula."""

    def __call__(self, text: str) -> str:
        return super().__call__(unescape_formula(text))

    def all_good(self, texts: Sequence[str]) -> list[Value]:
        return super().all_good([*map(unescape_formula, texts)])


PRODUCTS = FileSpec(
    "products",
    RowFormat(
        (
            ("sku", _sku),
            ("name", _Exported(200, shortest=1)),
            ("category", _Exported(200)),
            ("description", _Exported(10_000)),
        )
    ),
    Stage(Product, ("sku", "name", "category", "description")),
)


class _Importer(Importer[ProductImport]):
    """Imports of products."""

    model = ProductImport
    reject_model = ProductReject
    files = {"products_file_path": PRODUCTS}
    lock = "import-products"
    address = "/api/product-imports"

    def open_file(self, path: str, **options: Any) -> CsvFile:
        return open_csv(path, **options)

    def wake(self) -> None:
        wake(RUN_IMPORTS_TASK)

    def store(self, loads: list[Load]) -> None:
        [load] = loads
        stage = load.spec.stage
        _hold_off_writers()
        load.counts.unchanged += stage.drop_unchanged()
        load.counts.updated = stage.update_changed(CHANGED)
        load.counts.inserted = stage.insert_new({"id": NEW_ID[connection.vendor]} | NEW)
        if load.counts.updated or load.counts.inserted:
            wake(REGISTER_TASK)


def _hold_off_writers() -> None:
    """Let who else writes products wait until this transaction ends; who reads them goes on.

    They lock rows in another order than an import, which could end in a deadlock; SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {PRODUCTS.stage.table} IN EXCLUSIVE MODE")


importer = _Importer()


def rejects_csv(rejects: Iterable[Any]) -> Iterator[str]:
    """Yield the lines of a CSV file of rejects, to be mended and imported again."""
    return as_csv(rejects, PRODUCTS.row_format.names)


def drop_old_rejects() -> None:
    """Drop rejected rows REJECT_RETENTION_DAYS after their import."""
    before = timezone.now() - timedelta(days=settings.REJECT_RETENTION_DAYS)
    old = ProductReject.objects.filter(run__created_at__lt=before).order_by("pk").values_list("pk", flat=True)
    while some := list(old[:REJECT_CHUNK]):
        ProductReject.objects.filter(pk__in=some).delete()
