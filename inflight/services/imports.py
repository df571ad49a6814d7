"""Import two CSV files: store all valid customers and purchases in one transaction."""

import logging
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from config.access import audit
from config.api.idempotency import link_resource, unlink_resource
from config.api.problems import DiskFull, disk_full_as_problem
from config.core.disk import lacks_room
from config.core.locks import exclusive
from config.core.postgresql.away import is_away, once_back
from config.core.telemetry import tracing
from config.worker.queue import wake
from inflight.exceptions import ImportInProgress, UnusableCsv
from inflight.imports.csv_file import open_csv
from inflight.imports.erased import erased_among
from inflight.imports.loading import FileSpec, Load, bulk_load_pragmas
from inflight.imports.parsing import CUSTOMER_ROW, PURCHASE_ROW
from inflight.imports.staging import Stage, mark_parents_changed, unstored_parents
from inflight.models import Customer, Erasure, ImportReject, ImportRun, Purchase
from inflight.monitoring.counters import count_rows
from inflight.services.interruptions import RUN_IMPORTS_TASK, mark_interrupted_imports, queue_again

logger = logging.getLogger(__name__)

LOCK = "import"
LOOK_SECONDS = 1.0  # longer than a worker, who takes the lock too, looks for queued imports and finds none
REJECT_CHUNK = 1000
PROGRESS_SECONDS = 0.2  # between two reports: each is a commit

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
)

OnProgress = Callable[[float], None]
OnStart = Callable[[ImportRun], None]


def import_files(
    *,
    customers_path: str,
    purchases_path: str,
    roots: list[Path] | None,
    dry_run: bool = False,
    requested_by: str = "",
    on_progress: OnProgress | None = None,
    on_start: OnStart | None = None,
) -> ImportRun:
    """Import both files now and return the finished run.

    `roots`: folders the files must be in, None for anywhere. `dry_run`: find out everything, change nothing.
    `on_progress` hears the share of the files that is read; `on_start` gets the run in the transaction that makes it.
    Raises FileOutsideRoots, FileMissing, UnusableCsv or DiskFull, and then nothing is imported, or ImportInProgress.
    """
    with ExitStack() as stack:
        stack.enter_context(disk_full_as_problem())
        loads = _open(stack, customers_path, purchases_path, roots)
        if not stack.enter_context(exclusive(LOCK, wait_seconds=LOOK_SECONDS)):
            raise _under_way()
        mark_interrupted_imports()
        with transaction.atomic():
            run = ImportRun.objects.create(
                status=ImportRun.Status.RUNNING,
                customers_file_path=customers_path,
                purchased_file_path=purchases_path,
                dry_run=dry_run,
                requested_by=requested_by,
                traceparent=tracing.current_traceparent(),
                started_at=timezone.now(),
            )
            link_resource(run.pk)
            audit.record("import_files", run, dry_run=dry_run)
            if on_start:
                on_start(run)
        try:
            _execute(run, loads, on_progress)
        except Exception as error:
            _undo(run) if lacks_room(error) else _fail(run, error)
            raise
    return run


def queue_import(
    *,
    customers_path: str,
    purchases_path: str,
    roots: list[Path],
    dry_run: bool = False,
    requested_by: str = "",
) -> ImportRun:
    """Have a worker import both files, after the same first look at them; return the queued run."""
    with ExitStack() as stack:
        _open(stack, customers_path, purchases_path, roots)
    with transaction.atomic():
        run = ImportRun.objects.create(
            status=ImportRun.Status.QUEUED,
            customers_file_path=os.path.realpath(customers_path),  # the worker may stand in another folder
            purchased_file_path=os.path.realpath(purchases_path),
            dry_run=dry_run,
            requested_by=requested_by,
            traceparent=tracing.current_traceparent(),
        )
        link_resource(run.pk)
        audit.record("import_files", run, dry_run=dry_run)
        wake(RUN_IMPORTS_TASK)
    return run


def import_again(run: ImportRun, *, requested_by: str) -> ImportRun:
    """Have a worker import a run's files, to stay; raise FileMissing where they are gone."""
    return queue_import(
        customers_path=run.customers_file_path,
        purchases_path=run.purchased_file_path,
        roots=all_roots(),
        requested_by=requested_by,
    )


def all_roots() -> list[Path]:
    """Return the folders of a worker's files: a client may name those below IMPORT_ROOTS, operators' uploads lie elsewhere."""
    return [*settings.IMPORT_ROOTS, Path(settings.IMPORT_UPLOADS)]


def run_queued_imports() -> None:
    """Run the oldest queued import, and have a worker run the next; leave at once when one is under way elsewhere.

    One import a task: a worker's task has ten minutes.
    """
    with exclusive(LOCK) as taken:
        if not taken:
            return
        mark_interrupted_imports()
        queued = ImportRun.objects.filter(status=ImportRun.Status.QUEUED).order_by("id")
        if run := queued.first():
            run.status, run.started_at = ImportRun.Status.RUNNING, timezone.now()
            run.save(update_fields=["status", "started_at"])
            if not _execute_queued(run):
                return  # for want of room: the schedule looks again
    if queued.exists():
        wake(RUN_IMPORTS_TASK)


def _execute_queued(run: ImportRun) -> bool:
    """Return whether there was room for the run, or queue it again. Its failure is kept with it and does not stop the next."""
    with ExitStack() as stack:
        try:
            loads = _open(stack, run.customers_file_path, run.purchased_file_path, all_roots())
            _execute(run, loads, None)
        except Exception as error:
            if lacks_room(error):
                logger.error("Import %s waits. %s", run.pk, DiskFull.of(error))  # noqa: TRY400 - its text says it all
                run.status, run.started_at, run.progress = ImportRun.Status.QUEUED, None, 0.0
                run.save(update_fields=["status", "started_at", "progress"])
                return False
            if is_away(error):
                once_back(partial(queue_again, run))
                raise
            logger.exception("Import %s failed", run.pk)
            _fail(run, error)
    return True


def _open(stack: ExitStack, customers_path: str, purchases_path: str, roots: list[Path] | None) -> list[Load]:
    arguments = [
        (CUSTOMERS, "customers_file_path", customers_path),
        (PURCHASES, "purchased_file_path", purchases_path),
    ]
    return [
        Load(spec, stack.enter_context(open_csv(path, name=name, wanted=spec.row_format.names, roots=roots)))
        for spec, name, path in arguments
    ]


def _under_way() -> ImportInProgress:
    running = ImportRun.objects.filter(status=ImportRun.Status.RUNNING).first()
    where = f"/api/imports/{running.pk}" if running else "/api/imports"
    return ImportInProgress(f"An import is under way: {where}. Try again when it is done.", headers={"Location": where})


@transaction.atomic
def _undo(run: ImportRun) -> None:
    """Leave nothing of a run that found no room: the same request makes another."""
    audit.withdraw("import_files", run)
    run.delete()
    unlink_resource()


def _fail(run: ImportRun, error: Exception) -> None:
    run.status, run.finished_at = ImportRun.Status.FAILED, timezone.now()
    run.error = str(error) if isinstance(error, UnusableCsv) else f"{type(error).__name__}; the log has the details."
    run.save(update_fields=["status", "finished_at", "error"])


def _execute(run: ImportRun, loads: list[Load], on_progress: OnProgress | None) -> None:
    """Stage both files, then make all that is good visible at once."""
    run.read_as = {load.spec.name: load.file.read_as for load in loads}
    run.save(update_fields=["read_as"])
    try:
        with tracing.span("import", traceparent=run.traceparent, run=run.pk), bulk_load_pragmas():
            _stage(run, loads, on_progress)
            with transaction.atomic():
                _apply(run, loads)
    finally:
        for load in loads:
            load.spec.stage.drop()
    if not run.dry_run:
        for load in loads:
            count_rows(load.spec.name, asdict(load.counts))


def _stage(run: ImportRun, loads: list[Load], on_progress: OnProgress | None) -> None:
    total = sum(load.file.size for load in loads) or 1
    next_report = 0.0
    for load in loads:
        for _ in load.run():
            if time.monotonic() >= next_report:
                next_report = time.monotonic() + PROGRESS_SECONDS
                _report(run, sum(each.file.bytes_read for each in loads) / total, on_progress)
    _report(run, 1.0, on_progress)


def _report(run: ImportRun, share: float, on_progress: OnProgress | None) -> None:
    run.progress = min(share, 1.0)
    run.save(update_fields=["progress"])
    if on_progress:
        on_progress(run.progress)


def _apply(run: ImportRun, loads: list[Load]) -> None:
    customers, purchases = loads
    for load in loads:
        load.spec.stage.index_key()
        load.counts.unchanged = load.spec.stage.reject_duplicates()
    PURCHASES.stage.reject_orphans(CUSTOMERS.stage)
    _refuse_erased(loads)
    for load in loads:
        _keep_rejects(run, load)
        load.counts.rejected = load.spec.stage.drop_rejected()
    with transaction.atomic():
        _upsert(customers, purchases)
        transaction.set_rollback(run.dry_run)
    rejected = any(load.counts.rejected for load in loads)
    run.status = ImportRun.Status.COMPLETED_WITH_REJECTS if rejected else ImportRun.Status.COMPLETED
    run.customers, run.purchases = asdict(customers.counts), asdict(purchases.counts)
    run.progress, run.finished_at = 1.0, timezone.now()
    run.save()


def _refuse_erased(loads: list[Load]) -> None:
    """Refuse the rows of erased persons, whom an old file would bring back. Only ids that are not stored are looked at."""
    digests = frozenset(Erasure.objects.exclude(digest="").values_list("digest", flat=True))
    erased = erased_among(unstored_parents(PURCHASES.stage, CUSTOMERS.stage), digests) if digests else set()
    for load in loads:
        load.erased = digests
        load.spec.stage.refuse_rows_of(CUSTOMERS.stage.key, sorted(erased))


def _keep_rejects(run: ImportRun, load: Load) -> None:
    rejects = (ImportReject(run=run, file=load.spec.name, **reject._asdict()) for reject in load.rejects())
    while chunk := list(islice(rejects, REJECT_CHUNK)):
        ImportReject.objects.bulk_create(chunk)


def _upsert(customers: Load, purchases: Load) -> None:
    for load in (customers, purchases):
        load.counts.unchanged += load.spec.stage.drop_unchanged()
    customers.counts.updated = CUSTOMERS.stage.update_changed(", needs_sending = TRUE, changed_at = CURRENT_TIMESTAMP")
    if Customer.objects.exists():  # new customers need sending anyway
        mark_parents_changed(PURCHASES.stage, CUSTOMERS.stage, "needs_sending = TRUE")
    customers.counts.inserted = CUSTOMERS.stage.insert_new()
    purchases.counts.updated = PURCHASES.stage.update_changed()
    purchases.counts.inserted = PURCHASES.stage.insert_new()
