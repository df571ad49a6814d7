"""What throttling counts, for all web processes together (config.access.throttling)."""

from django.db import models


class FailedAttempts(models.Model):
    """Wrong passwords, codes or tokens of one account, browser or address, and until when no more are looked at."""

    class Kind(models.TextChoices):
        ACCOUNT = "account", "passwords for an account"
        DEVICE = "device", "passwords for an account from a browser that it was used in before"
        CODE = "code", "codes of an account's second factor"
        LOGIN_ADDRESS = "login address", "passwords from an address"
        TOKEN_ADDRESS = "token address", "tokens from an address"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    key = models.CharField(max_length=64, unique=True, help_text="keyed hash of the kind and of the account or address")
    count = models.PositiveIntegerField(default=0)
    account = models.CharField(max_length=64, blank=True, help_text="keyed hash of the account, for a browser")
    last_at = models.DateTimeField(
        "last attempt at", help_text="time of the last attempt, even if it is under way or succeeded"
    )
    failed_at = models.DateTimeField("last failure at", help_text="time of the last failed attempt")
    blocked_until = models.DateTimeField(null=True, help_text="null: not blocked")

    class Meta:
        verbose_name = verbose_name_plural = "failed attempts"
        indexes = [models.Index(name="failed_attempts_by_time", fields=["failed_at"])]

    def __str__(self) -> str:
        return f"{self.count} {self.get_kind_display()}"


class RequestQuota(models.Model):
    """How many requests of a minute the web processes have taken for an API client."""

    key = models.CharField(max_length=255, primary_key=True)
    taken = models.PositiveIntegerField("used")
    ends_at = models.FloatField(help_text="end of the minute, in seconds since 1970 by the database's clock")

    def __str__(self) -> str:
        return self.key
