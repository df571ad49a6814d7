"""What an admin class has to do with the audit: the history of a row, and who reads many of them."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse

from config.access import audit

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

MOST_ENTRIES = 100  # of a row's history, the newest; the list of the audit has all


class AuditedAdmin(Base):
    """Show the audit as the history of a row, in place of Django's own log, which stays empty."""

    object_history_template = "admin/history.html"
    shows_people = False  # whether the list has personal data of passengers: then it is recorded who looks at it

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entries = audit.entries_about(self.opts.label_lower, unquote(object_id)).reverse()[:MOST_ENTRIES]
        return super().history_view(request, object_id, {"entries": entries, **(extra_context or {})})

    def record_reading(self, act: str, request: HttpRequest) -> None:
        """Record by which parameters rows were chosen, and not by which values: they may be a passenger's name."""
        audit.record(act, audit.Target(self.opts.label_lower), parameters=sorted(request.GET))

    def log_addition(self, *_: Any) -> Any:
        """Write nothing into Django's log: services record what they do, and the rest is watched."""

    log_change: Any = log_addition
    log_deletions: Any = log_addition
