"""What the processes tell each other about themselves."""

from django.db import models


class WorkerHeartbeat(models.Model):
    """A worker process that is alive, or was when it last said so."""

    name = models.CharField(max_length=255, primary_key=True, help_text="host:pid of the supervisor")
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
