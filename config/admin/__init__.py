"""The admin: its site, the base of the apps' admin classes, and the models that belong to no app."""

from config.admin import alerts, audit, clients, registrations

__all__ = ["alerts", "audit", "clients", "registrations"]
