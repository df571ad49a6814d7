"""Import files: store all valid rows in one transaction, and keep the others with the reasons, to be mended."""

import logging
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from config.access import audit
from config.api.idempotency import link_resource, unlink_resource
from config.api.imports.counters import count_rows
from config.api.imports.exceptions import ImportInProgress, UnusableCsv
from config.api.imports.loading import FileSpec, Load, Reject, Source, bulk_load_pragmas
from config.api.imports.mending import Mending
from config.api.imports.models import ImportRunBase
from config.api.problems import DiskFull, disk_full_as_problem
from config.core.disk import lacks_room
from config.core.languages import in_english
from config.core.locks import exclusive
from config.core.postgresql.away import is_away, once_back
from config.core.telemetry import tracing

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # longer than a worker, who takes the lock too, looks for queued imports and finds none
REJECT_CHUNK = 1000
PROGRESS_SECONDS = 0.2  # between two reports: each is a commit

Run = TypeVar("Run", bound=ImportRunBase)
Roots = Sequence[Path] | None  # folders the files must be in; None is anywhere
OnProgress = Callable[[float], None]


def all_roots() -> list[Path]:
    """Return the folders of a worker's files: a client may name those below IMPORT_ROOTS, uploads lie elsewhere."""
    return [*settings.IMPORT_ROOTS, Path(settings.IMPORT_UPLOADS)]


class Importer(ABC, Generic[Run]):
    """One kind of import: a subclass says of which files, what it refuses beyond bad and repeated rows, and how it stores."""

    model: type[Run]
    reject_model: type[Any]  # an ImportRejectBase
    files: Mapping[str, FileSpec]  # by the field of a run that has the file's path; in the order of reading
    lock: str  # one import of a kind runs at a time
    address: str  # of the runs, in the API

    @abstractmethod
    def open_file(self, path: str, *, name: str, wanted: Sequence[str], roots: Roots) -> AbstractContextManager[Source]:
        """Open a file; `name` is what errors call it."""

    @abstractmethod
    def wake(self) -> None:
        """Have a worker call `run_queued` soon."""

    @abstractmethod
    def store(self, loads: list[Load]) -> None:
        """Bring what is staged into the tables, and count it. A dry run is rolled back afterwards."""

    def refuse(self, loads: list[Load]) -> None:
        """Refuse rows for what other rows, or the database, say."""

    def reject_row(self, run: Run, load: Load, reject: Reject) -> Any:
        """Return a rejected row as it is kept."""
        return self.reject_model(run=run, **reject._asdict())

    def import_files(
        self,
        paths: Mapping[str, str],
        *,
        roots: Roots,
        dry_run: bool = False,
        requested_by: str = "",
        on_progress: OnProgress | None = None,
        on_start: Callable[[Run], None] | None = None,
        mending: Mending | None = None,
    ) -> Run:
        """Import the files now and return the finished run.

        `paths`: by the field of a run. `dry_run`: find out everything, change nothing. `on_progress` hears the share of the
        files that is read; `on_start` gets the run in the transaction that makes it. `mending`: the files are its rows.
        Raises FileOutsideRoots, FileMissing, UnusableCsv or DiskFull, and then nothing is imported, ImportInProgress, or
        RejectsChanged.
        """
        with ExitStack() as stack:
            stack.enter_context(disk_full_as_problem())
            loads = self._open(stack, paths, roots)
            if mending:
                mending.tell_lines(loads)
            if not stack.enter_context(exclusive(self.lock, wait_seconds=LOOK_SECONDS)):
                raise self._under_way()
            self.mark_interrupted()
            with transaction.atomic():
                if mending:
                    mending.check()
                run = self._create(
                    paths,
                    status=self.model.Status.RUNNING,
                    started_at=timezone.now(),
                    dry_run=dry_run,
                    requested_by=requested_by,
                    mends=mending.run if mending else None,
                )
                if on_start:
                    on_start(run)
            try:
                with in_english():  # reasons of rejects are kept
                    self._execute(run, loads, on_progress, mending)
            except Exception as error:
                self._undo(run) if lacks_room(error) else self._fail(run, error)
                raise
        return run

    def queue(self, paths: Mapping[str, str], *, roots: Roots, dry_run: bool = False, requested_by: str = "") -> Run:
        """Have a worker import the files, after the same first look at them; return the queued run."""
        with ExitStack() as stack:
            self._open(stack, paths, roots)
        real = {name: os.path.realpath(path) for name, path in paths.items()}  # a worker may stand in another folder
        with transaction.atomic():
            run = self._create(real, status=self.model.Status.QUEUED, dry_run=dry_run, requested_by=requested_by)
            self.wake()
        return run

    def again(self, run: Run, *, requested_by: str) -> Run:
        """Have a worker import a run's files, to stay; raise FileMissing where they are gone."""
        return self.queue(self._paths_of(run), roots=all_roots(), requested_by=requested_by)

    def run_queued(self) -> None:
        """Run the oldest queued import, and have a worker run the next; leave at once when one is under way elsewhere.

        One import a task: a worker's task has ten minutes.
        """
        with exclusive(self.lock) as taken:
            if not taken:
                return
            self.mark_interrupted()
            queued = self._runs(self.model.Status.QUEUED).order_by("id")
            if run := queued.first():
                run.status, run.started_at = self.model.Status.RUNNING, timezone.now()
                run.save(update_fields=["status", "started_at"])
                if not self._execute_queued(run):
                    return  # for want of room: the schedule looks again
        if queued.exists():
            self.wake()

    def mark_interrupted(self) -> None:
        """Say of the runs that died in the middle that they did; call it holding the lock."""
        self._runs(self.model.Status.RUNNING).update(
            status=self.model.Status.INTERRUPTED,
            finished_at=timezone.now(),
            error=gettext_noop(
                "The process ended in the middle; nothing of this run was imported. Import the files again."
            ),
        )

    @transaction.atomic
    def queue_again(self, run: Run) -> None:
        """Queue a run that lost its database. Another process may have found it interrupted by now, or it may be done."""
        status = self.model.Status
        lost = self._runs(status.RUNNING, status.INTERRUPTED).filter(pk=run.pk)
        if lost.update(status=status.QUEUED, started_at=None, finished_at=None, progress=0.0, error=""):
            self.wake()

    def _runs(self, *statuses: str) -> Any:
        return self.model.objects.filter(status__in=statuses)

    def _paths_of(self, run: Run) -> dict[str, str]:
        return {name: getattr(run, name) for name in self.files}

    def _create(self, paths: Mapping[str, str], **values: Any) -> Run:
        traceparent = tracing.current_traceparent()
        run: Run = self.model.objects.create(**paths, traceparent=traceparent, **values)
        link_resource(run.pk)
        mends = {"mends": run.mends_id} if run.mends_id else {}
        audit.record("import_files", run, dry_run=run.dry_run, **mends)
        return run

    def _execute_queued(self, run: Run) -> bool:
        """Return whether there was room for the run, or queue it again. Its failure is kept with it, the next goes on."""
        with ExitStack() as stack:
            try:
                self._execute(run, self._open(stack, self._paths_of(run), all_roots()), None)
            except Exception as error:
                if lacks_room(error):
                    logger.error("Import %s waits. %s", run.pk, DiskFull.of(error))  # noqa: TRY400 - its text says it all
                    run.status, run.started_at, run.progress = self.model.Status.QUEUED, None, 0.0
                    run.save(update_fields=["status", "started_at", "progress"])
                    return False
                if is_away(error):
                    once_back(partial(self.queue_again, run))
                    raise
                logger.exception("Import %s failed", run.pk)
                self._fail(run, error)
        return True

    def _open(self, stack: ExitStack, paths: Mapping[str, str], roots: Roots) -> list[Load]:
        return [
            Load(
                spec,
                stack.enter_context(self.open_file(paths[name], name=name, wanted=spec.row_format.names, roots=roots)),
            )
            for name, spec in self.files.items()
        ]

    def _under_way(self) -> ImportInProgress:
        running = self._runs(self.model.Status.RUNNING).first()
        where = f"{self.address}/{running.pk}" if running else self.address
        return ImportInProgress(
            _("An import is under way: %(where)s. Try again when it is done.") % {"where": where},
            headers={"Location": where},
        )

    @transaction.atomic
    def _undo(self, run: Run) -> None:
        """Leave nothing of a run that found no room: the same request makes another."""
        audit.withdraw("import_files", run)
        run.delete()
        unlink_resource()

    def _fail(self, run: Run, error: Exception) -> None:
        run.status, run.finished_at = self.model.Status.FAILED, timezone.now()
        run.error = (
            str(error) if isinstance(error, UnusableCsv) else f"{type(error).__name__}; the log has the details."
        )
        run.save(update_fields=["status", "finished_at", "error"])

    def _execute(
        self, run: Run, loads: list[Load], on_progress: OnProgress | None, mending: Mending | None = None
    ) -> None:
        """Stage the files, then make all that is good visible at once."""
        run.read_as = {load.spec.name: load.file.read_as for load in loads}
        run.save(update_fields=["read_as"])
        try:
            with tracing.span("import", traceparent=run.traceparent, run=run.pk), bulk_load_pragmas():
                self._stage(run, loads, on_progress)
                with transaction.atomic():
                    self._apply(run, loads)
                    if mending and not run.dry_run:
                        mending.settle(run)
        finally:
            for load in loads:
                load.spec.stage.drop()
        for load in loads if not run.dry_run else ():
            count_rows(load.spec.name, asdict(load.counts))

    def _stage(self, run: Run, loads: list[Load], on_progress: OnProgress | None) -> None:
        total = sum(load.file.size for load in loads) or 1
        next_report = 0.0
        for load in loads:
            for _row in load.run():
                if time.monotonic() >= next_report:
                    next_report = time.monotonic() + PROGRESS_SECONDS
                    _report(run, sum(each.file.bytes_read for each in loads) / total, on_progress)
        _report(run, 1.0, on_progress)

    def _apply(self, run: Run, loads: list[Load]) -> None:
        for load in loads:
            load.spec.stage.index_key()
            load.counts.unchanged = load.spec.stage.reject_duplicates()
        self.refuse(loads)
        for load in loads:
            self._keep_rejects(run, load)
            load.counts.rejected = load.spec.stage.drop_rejected()
        with transaction.atomic():
            self.store(loads)
            transaction.set_rollback(run.dry_run)
        rejected = any(load.counts.rejected for load in loads)
        run.status = self.model.Status.COMPLETED_WITH_REJECTS if rejected else self.model.Status.COMPLETED
        for load in loads:
            setattr(run, load.spec.name, asdict(load.counts))
        run.progress, run.finished_at = 1.0, timezone.now()
        run.save()

    def _keep_rejects(self, run: Run, load: Load) -> None:
        rejects: Iterator[Any] = (self.reject_row(run, load, reject) for reject in load.rejects())
        while chunk := list(islice(rejects, REJECT_CHUNK)):
            self.reject_model.objects.bulk_create(chunk)


def _report(run: ImportRunBase, share: float, on_progress: OnProgress | None) -> None:
    run.progress = min(share, 1.0)
    run.save(update_fields=["progress"])
    if on_progress:
        on_progress(run.progress)
