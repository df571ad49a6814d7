"""API clients and their keys."""

from typing import Any

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

NAME = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", "A name is made of letters, digits, and . _ - behind the first."
)


class ApiClient(models.Model):
    """A program that may call the API, and what it may do there."""

    name = models.CharField(
        max_length=64, unique=True, validators=[NAME], help_text="its requests are recorded as those of client:NAME"
    )
    scopes: "models.JSONField[Any, Any]" = models.JSONField(default=list, help_text="what the client may do")
    allowed_networks: "models.JSONField[Any, Any]" = models.JSONField(
        default=list,
        blank=True,
        help_text="addresses and networks that it may call from; empty: any address",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="further requests are answered with 429; blank: no limit",
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="its keys stop working at this time")
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(
        null=True, blank=True, help_text="its keys stopped working at this time, for good"
    )

    class Meta:
        verbose_name = "API client"

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A key of an API client. Only its digest is kept: the key itself is shown once, when it is made."""

    client: "models.ForeignKey[Any, ApiClient]" = models.ForeignKey(
        ApiClient, on_delete=models.CASCADE, related_name="keys"
    )
    ident = models.CharField("prefix", max_length=16, help_text="start of the key, to tell it from others")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key, in hexadecimal digits")
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.ident}…"
