"""The admin: its site, what the apps' admin classes have in common, and the models that belong to no app."""

from config.admin import registrations

__all__ = ["registrations"]
