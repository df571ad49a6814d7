"""What the rows of all imports have in common: runs, and the rejects of a run. Abstract; free of REST framework."""

from pathlib import Path
from typing import Any, ClassVar

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from config.core.telemetry.tracing import TRACEPARENT_LENGTH


class ImportRunBase(models.Model):
    """One import of one or more files; the model of an app adds their paths and, by the name of each file, its counts."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        COMPLETED_WITH_REJECTS = "completed_with_rejects"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    objects: ClassVar[models.Manager[Any]]
    mends_id: int | None
    PATHS: ClassVar[tuple[str, ...]]  # the fields that have the paths of the files

    status = models.CharField(max_length=32, choices=Status.choices)
    dry_run = models.BooleanField(default=False)
    requested_by = models.CharField(max_length=255, blank=True)
    traceparent = models.CharField(
        max_length=TRACEPARENT_LENGTH, blank=True, default="", db_default="", help_text="trace context of the request"
    )
    progress = models.FloatField(default=0.0, help_text="share of the files' bytes read, 0 to 1")
    read_as = models.JSONField(null=True, help_text="by file, the encoding or the sheet that was read")
    error = models.TextField(blank=True)
    mends = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="mended_by", verbose_name="corrects",
        help_text="the import whose rejected rows this one imports again, corrected by a person",
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return gettext("import %(id)s (%(status)s)") % {"id": self.pk, "status": gettext(self.status).replace("_", " ")}

    @classmethod
    def waits_for(cls, folder: Path) -> bool:
        """Return whether a run has still to read a file in a folder."""
        waiting: Any = cls.objects.filter(status__in=[cls.Status.QUEUED, cls.Status.RUNNING])
        return bool(waiting.filter(**{f"{cls.PATHS[0]}__startswith": f"{folder.resolve()}/"}).exists())


class ImportRejectBase(models.Model):
    """A rejected row: its line, the reasons and its text, to be mended and imported again."""

    line = models.PositiveIntegerField(help_text="line of the file; the header is line 1")
    reasons = models.JSONField(help_text="[{field, code, message}]")
    raw = models.TextField(help_text="the row as it is in the file")
    row = models.JSONField(help_text="the row by column")

    objects: ClassVar[models.Manager[Any]]
    file: Any  # which of the files it is of: the spec's name

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return gettext("%(file)s line %(line)s") % {"file": gettext(self.file), "line": self.line}


def is_waited_for(folder: Path) -> bool:
    """Return whether any import has still to read a file in a folder."""
    return any(model.waits_for(folder) for model in apps.get_models() if issubclass(model, ImportRunBase))
