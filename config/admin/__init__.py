"""The admin: its site, the base of the apps' admin classes, and the models that belong to no app."""

from config.admin import alerts, registrations

__all__ = ["alerts", "registrations"]
