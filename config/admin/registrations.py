"""Admin of what belongs to no app: workers, django-q2's queue, users and groups."""

from typing import TYPE_CHECKING, Any

import django_q.admin  # noqa: F401 - it registers what is unregistered here
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_q.models import Failure, OrmQ, Schedule, Success

from config.admin.base import PlatformAdmin, ReadOnlyAdmin
from config.core.admin_columns import pre, shortened
from config.core.kept_texts import translated
from config.core.permissions import ROLES
from config.models import IdempotencyKey, WorkerHeartbeat

if TYPE_CHECKING:
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
else:
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

HOUR, DAY = 60, 24 * 60  # minutes

for model in (Success, Failure, OrmQ, Schedule, User, Group):  # successes are not kept (Q_CLUSTER's save_limit)
    admin.site.unregister(model)


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyAdmin):
    """Workers that are alive, or were within the last day."""

    icon = "ecg_heart"
    when_empty = gettext_lazy("No worker has run within a day. Start one: manage.py run_worker.")
    list_display = ("name", "started_at", "beat_at")
    search_fields = ("name",)
    ordering = ("-beat_at",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Requests of the last day that came with an Idempotency-Key, and how they were answered."""

    icon = "key"
    when_empty = gettext_lazy(
        "No request of the last day came with an Idempotency-Key. Programs that retry should send one: docs/api.md."
    )
    list_display = ("key", "sub", "status", "created_at")
    search_fields = ("key__exact", "sub__exact")
    ordering = ("-created_at",)
    fields = ("key", "sub", "status", "created_at")


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """Periodic and one-time tasks. The code declares them."""

    icon = "schedule"
    list_display = ("func", "every", "next_run")
    list_filter = ("schedule_type",)
    search_fields = ("func", "name")
    ordering = ("next_run",)
    fields = ("name", "func", "schedule_type", "minutes", "repeats", "next_run")

    @admin.display(description=gettext_lazy("runs"), ordering="minutes")
    def every(self, schedule: Schedule) -> str:
        """Return how often it runs, in the largest unit that counts it whole."""
        minutes = schedule.minutes
        if schedule.schedule_type != Schedule.MINUTES or not minutes:
            return str(schedule.get_schedule_type_display()).lower()
        if not minutes % DAY:
            return ngettext("every day", "every %(number)d days", minutes // DAY) % {"number": minutes // DAY}
        if not minutes % HOUR:
            return ngettext("every hour", "every %(number)d hours", minutes // HOUR) % {"number": minutes // HOUR}
        return ngettext("every minute", "every %(number)d minutes", minutes) % {"number": minutes}


@admin.register(OrmQ)
class QueueAdmin(ReadOnlyAdmin):
    """Tasks waiting for a worker."""

    icon = "low_priority"
    when_empty = gettext_lazy("No task waits for a worker. There is nothing to do.")
    list_display = ("id", "task", "due")
    search_keys = ("id",)
    ordering = ("-id",)
    fields = ("id", "task", "lock")

    @admin.display(description=gettext_lazy("task"))
    def task(self, queued: OrmQ) -> str:
        return str(queued.func())

    @admin.display(description=gettext_lazy("due at, or locked until"), ordering="lock")
    def due(self, queued: OrmQ) -> Any:
        return queued.lock


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin):
    """Tasks that ended with an exception. A schedule looks again at what they should have done."""

    icon = "error"
    when_empty = gettext_lazy("No task has failed. There is nothing to do.")
    list_display = ("name", "func", "started", "stopped", "beginning")
    search_fields = ("name", "func")
    ordering = ("-stopped",)
    fields = ("func", "error", "started", "stopped", "name", "id")
    readonly_fields = ("error",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Failure]:
        return super().get_queryset(request).defer("args", "kwargs")

    @admin.display(description=gettext_lazy("error"))
    def error(self, failure: Failure) -> SafeString:
        return pre(str(failure.result))

    @admin.display(description=gettext_lazy("error"))
    def beginning(self, failure: Failure) -> str:
        return shortened(str(failure.result))


@admin.register(User)
class OurUserAdmin(UserAdmin[User], PlatformAdmin):
    """Users."""

    icon = "person"
    form = UserChangeForm[User]
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "roles", "is_active", "last_login", "first_name", "last_name")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=gettext_lazy("groups"))
    def roles(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join([_("superuser"), *names] if user.is_superuser else names)

    @transaction.atomic
    def user_change_password(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Change a password and record it, or neither."""
        return super().user_change_password(*args, **kwargs)


@admin.register(Group)
class OurGroupAdmin(GroupAdmin, PlatformAdmin):
    """Groups. Those that `migrate` makes follow the code and cannot be edited."""

    icon = "groups"
    readonly_fields = ("granted",)

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        return ("name", "granted") if _is_made(obj) else ("name", "permissions")

    @admin.display(description=gettext_lazy("permissions"))
    def granted(self, group: Group) -> SafeString:
        """Return what a group may, a line each, in the reader's language."""
        kept = group.permissions.select_related("content_type").order_by("content_type__app_label", "name")
        return format_html_join("", "<li>{}</li>", ((translated(each.name),) for each in kept))

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_made(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_made(obj)


def _is_made(group: Group | None) -> bool:
    return group is not None and group.name in ROLES
