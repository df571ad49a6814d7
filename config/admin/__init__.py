"""The admin: its site, the base of the apps' admin classes, and the models that belong to no app."""

from config.admin import alerts, audit, registrations

__all__ = ["alerts", "audit", "registrations"]
