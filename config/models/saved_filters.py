"""Filters of the admin's lists that people keep under a name."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class SavedFilter(models.Model):
    """What somebody filters a list by. It has no search: that may be a passenger's name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    list = models.CharField(max_length=100, help_text="the model, such as inflight.delivery")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000, help_text="the filters and the order, as the list's address has them")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="filter_name_in_list", fields=["user", "list", "name"])]

    def __str__(self) -> str:
        return self.name
