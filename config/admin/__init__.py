"""The admin: its site, the base of the apps' admin classes, and the models that belong to no app."""

from django.conf import settings

from config.admin import alerts, audit, clients, filter_list, registrations, throttles
from config.admin.moments import show_moments

__all__ = ["alerts", "audit", "clients", "filter_list", "registrations", "throttles"]

show_moments()

if settings.HAS_ALLAUTH:
    from config.admin import logins  # noqa: F401 - an extra
