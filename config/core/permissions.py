"""Groups of users: viewers look and change nothing; operators and analysts may what apps declare.

An operator looks at what a viewer does: at everything but who may log in or call the API, and the audit. An analyst works with
the data platform and sees no passenger's data.
"""

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

ROLES = VIEWER, OPERATOR, ANALYST = ("viewer", "operator", "analyst")
NOT_OURS = (  # who may log in is a superuser's business
    *("admin", "auth", "contenttypes", "sessions"),
    *("account", "socialaccount", "mfa"),  # allauth's
)
# Who may call the API is a superuser's business, too; and whom the audit watches does not watch the others by it.
NOT_FOR_ALL = ("view_apiclient", "view_apikey", "view_auditentry", "view_savedfilter")
_operations: list[str] = []
_analyses: list[str] = []


def operators_may(*permissions: str) -> None:
    """Give the group of operators these permissions ("app.codename"), from an app's ready()."""
    _operations.extend(permissions)


def operator_permissions() -> list[str]:
    """Return what the installed apps declared."""
    return list(_operations)


def analysts_may(*permissions: str) -> None:
    """Give the group of analysts these permissions, looking included, from an app's ready(): none to passengers' data."""
    _analyses.extend(permissions)


def analyst_permissions() -> list[str]:
    """Return what the installed apps declared."""
    return list(_analyses)


def make_groups(using: str = "default", apps: Apps = installed, **_: Any) -> None:
    """Make the groups, or give them again what the code says: whoever needs another mix makes a group of another name."""
    if not apps.all_models["auth"]:
        return  # `migrate SOME_APP` on a new database
    for app in installed.get_app_configs():
        create_permissions(app, verbosity=0, using=using)  # Django does so too, but app by app, after this
    looking = Permission.objects.using(using).filter(codename__startswith="view_")
    looking = looking.exclude(content_type__app_label__in=NOT_OURS).exclude(codename__in=NOT_FOR_ALL)
    permissions = {
        VIEWER: looking,
        OPERATOR: looking | _declared(operator_permissions(), using),
        ANALYST: _declared(analyst_permissions(), using),
    }
    for name in ROLES:
        group, _is_new = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set(permissions[name])


def _declared(permissions: list[str], using: str) -> QuerySet[Permission]:
    wanted = Q(pk__in=[])
    for permission in permissions:
        app_label, codename = permission.split(".")
        wanted |= Q(content_type__app_label=app_label, codename=codename)
    return Permission.objects.using(using).filter(wanted)
