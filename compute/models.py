"""Jobs: the request, who made it, and the result. The row is the truth; processes come and go. And whose files are."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from config.core.telemetry.tracing import TRACEPARENT_LENGTH

LEAST_PROGRESS = 0.02  # from which on the rest can be estimated


class Job(models.Model):
    """One operation on one file."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Operation(models.TextChoices):
        GROUP_BY = "group_by", "Grouping"
        NON_NULL = "non_null", "Rows with values"
        STATS = "stats", "Statistics"
        PROFILE = "profile"
        PREVIEW = "preview"
        PROFILE_SAMPLE = "profile_sample", "Profile of a sample"

    LOOKS = (Operation.PREVIEW, Operation.PROFILE_SAMPLE)  # made by looking at a file, not by asking for something
    SETTLED = (Status.DONE, Status.FAILED, Status.CANCELLED)

    sub = models.CharField("requested by", max_length=255, help_text="the token's subject")
    traceparent = models.CharField(
        max_length=TRACEPARENT_LENGTH, blank=True, default="", db_default="", help_text="trace context of the request"
    )
    operation = models.CharField(max_length=16, choices=Operation.choices)
    parameters = models.JSONField()
    file_path = models.TextField(help_text="below COMPUTE_ROOT")
    input_format = models.CharField(max_length=16, blank=True, help_text="blank: detected from the file")
    output_format = models.CharField(max_length=16, blank=True, help_text="blank: same as the input")
    input_bytes = models.BigIntegerField()
    input_version = models.TextField(
        help_text="version of the file when the job was submitted; blank in jobs from before it was recorded"
    )
    is_reusable = models.BooleanField(
        default=False, help_text="whether the same input_version guarantees the same bytes"
    )
    fingerprint = models.CharField(max_length=64, help_text="the same for the same request on the same file")
    engine = models.CharField(max_length=16)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    progress = models.FloatField(default=0.0, help_text="0 to 1, as the engine estimates it")
    runner = models.CharField(max_length=255, blank=True, help_text="host:pid of the runner that holds the job")
    lease_until = models.DateTimeField(null=True, help_text="a runner that is silent for longer is considered dead")
    attempts = models.PositiveIntegerField(default=0)
    result_path = models.TextField(blank=True, help_text="below COMPUTE_ROOT")
    result_version = models.TextField(blank=True, help_text="version of the result when it was written")
    rows_in = models.BigIntegerField(null=True)
    rows_out = models.BigIntegerField(null=True)
    columns = models.JSONField(null=True, help_text="the result's columns and their types, in order: [[name, type]]")
    read_as = models.JSONField(null=True, help_text="how each requested column was read: {column: type}")
    reading = models.JSONField(
        null=True, help_text="how the file was read: {format, read, guessed, rows_left_out, left_out}"
    )
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_field = models.TextField(blank=True)
    error_status = models.PositiveSmallIntegerField(null=True)
    mending_read = models.JSONField(
        "suggested read", null=True, help_text="members of `read` with which the job may succeed"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("cancel_jobs", "Can cancel jobs")]
        indexes = [
            models.Index(name="job_active", fields=["status", "id"], condition=Q(status__in=["queued", "running"])),
            models.Index(name="job_by_fingerprint", fields=["fingerprint", "id"]),
            models.Index(name="job_by_status", fields=["status", "id"]),  # this and the next: the filters of the list
            models.Index(name="job_by_operation", fields=["operation", "id"]),
            models.Index(name="job_by_requester", fields=["sub", "id"]),
            models.Index(name="job_by_time", fields=["created_at"]),
        ]
        constraints = [
            models.CheckConstraint(name="done_job_has_result", condition=~Q(status="done") | ~Q(result_path="")),
            models.CheckConstraint(name="failed_job_has_reason", condition=~Q(status="failed") | ~Q(error="")),
        ]

    def __str__(self) -> str:
        return gettext("job %(id)s (%(operation)s, %(status)s)") % {
            "id": self.pk,
            "operation": self.get_operation_display().lower(),
            "status": gettext(self.status),
        }

    @property
    def is_settled(self) -> bool:
        """Return whether nothing more will happen to it."""
        return self.status in self.SETTLED

    @property
    def percent(self) -> int:
        """How much of it is done, as the engine estimates it."""
        return int(100 * self.progress)

    @property
    def seconds_left(self) -> int | None:
        """How long it will go on if it goes on as it went; None where that cannot be said."""
        if self.status != self.Status.RUNNING or not self.started_at or self.progress < LEAST_PROGRESS:
            return None
        passed = (timezone.now() - self.started_at).total_seconds()
        return max(round(passed * (1 - self.progress) / self.progress), 1)

    @property
    def address(self) -> str:
        """Where its state is told."""
        return f"/api/compute/jobs/{self.pk}"


class OwnedFile(models.Model):
    """Whose a file is: who brought it, or asked for the job whose result it is. A file without a row is nobody's."""

    path = models.TextField(unique=True, help_text="below COMPUTE_ROOT")
    sub = models.CharField("owner", max_length=255, help_text="the token's subject, or the user's name")

    def __str__(self) -> str:
        return self.path
