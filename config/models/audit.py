"""The audit: who did what, on what, from where (docs/decisions/0074). Rows are written by config.access.audit only."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from config.core.actors import VISITOR, Actor, current_actor

LONGEST = 255  # characters of a key, a name or a value


class AuditManager(models.Manager["AuditEntry"]):
    """Makes entries of who is acting; django-auditlog calls the two below when a row that it watches has changed."""

    def of_actor(self, actor: Actor, act: str, object_type: str, object_key: str, **fields: Any) -> "AuditEntry":
        """Return an entry, which is not saved yet."""
        return AuditEntry(
            actor_type=actor.kind,
            actor=actor.name[:LONGEST],
            address=actor.address,
            request_id=actor.request_id,
            act=act,
            object_type=object_type,
            object_key=object_key[:LONGEST],
            details=(actor.details | fields.pop("details", {})) or None,
            **fields,
        )

    def log_create(self, instance: models.Model, *, action: str, changes: Any, force_log: bool = False) -> None:
        """Record that a row was created, updated or deleted."""
        actor = current_actor()
        if actor is None or (actor.kind == VISITOR and changes.keys() == {"password"}):
            return  # at a login Django hashes an old password anew: that is no change
        kind, key = instance._meta.label_lower, str(instance.pk)
        shown = {name: _shortened(change) for name, change in changes.items()}
        act, name = f"{action}_{instance._meta.model_name}", str(instance)[:LONGEST]
        self.of_actor(actor, act, kind, key, object_name=name, changes=shown).save(force_insert=True)

    def log_m2m_changes(self, changed: Any, instance: models.Model, operation: str, field_name: str) -> None:
        """Record that rows were added to a relation, or taken from it."""
        if names := [str(each) for each in changed]:
            self.log_create(instance, action=AuditEntry.Action.UPDATE, changes={field_name: {operation: names}})


def _shortened(change: Any) -> Any:
    """Return a change, {added or taken: names} or (before, after), without the ends of long texts."""
    if isinstance(change, dict):
        return change
    return [value[:LONGEST] if isinstance(value, str) else value for value in change]


class AuditEntry(models.Model):
    """One act of a person, a client or a command. It never says of a passenger more than an id, and that until an erasure."""

    class Action(models.TextChoices):
        """What django-auditlog says has become of a row."""

        CREATE = "create"
        UPDATE = "update"
        DELETE = "delete"

    class ActorType(models.TextChoices):
        USER = "user", "user (who has logged in)"
        CLIENT = "client", "client (of the API, by its token)"
        COMMAND = "command", "command (by the system's user)"
        VISITOR = "visitor", "visitor (not logged in)"

    at = models.DateTimeField(default=timezone.now)
    actor_type = models.CharField(max_length=8, choices=ActorType.choices)
    actor = models.CharField(max_length=255, blank=True, help_text="user name, token's subject, or system user")
    address = models.CharField(max_length=255, blank=True, help_text="IP address of the caller, or host of a command")
    request_id = models.CharField(max_length=64, blank=True, help_text="id of the request, as in the log")
    act = models.CharField("action", max_length=64, help_text="what was done, such as pause_delivery")
    object_type = models.CharField(max_length=100, blank=True, help_text="such as inflight.delivery")
    object_key = models.CharField(
        max_length=255, blank=True, help_text="its number, id or path; blank: several objects, or none"
    )
    object_name = models.CharField(max_length=255, blank=True, help_text="set where single fields are changed")
    changes: "models.JSONField[Any, Any]" = models.JSONField(null=True, help_text="{field: [before, after]}")
    details: "models.JSONField[Any, Any]" = models.JSONField(null=True, help_text="further details, without values")

    objects = AuditManager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [  # what the list is filtered by and searched for, and what is too old
            models.Index(name="audit_by_object", fields=["object_key", "object_type", "id"]),
            models.Index(name="audit_by_actor", fields=["actor", "id"]),
            models.Index(name="audit_by_actor_type", fields=["actor_type", "id"]),
            models.Index(name="audit_by_address", fields=["address", "id"]),
            models.Index(name="audit_by_request", fields=["request_id"]),
            models.Index(name="audit_by_act", fields=["act", "id"]),
            models.Index(name="audit_by_time", fields=["at"]),
        ]

    def __str__(self) -> str:
        return gettext("%(act)s by %(actor)s") % {"act": self.words, "actor": self.actor or gettext(self.actor_type)}

    @property
    def words(self) -> str:
        """What was done, as a person says it."""
        return gettext(self.act).replace("_", " ")
