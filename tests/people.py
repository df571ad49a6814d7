"""Those who use the pages."""

from django.contrib.auth.models import Group, User
from django.test import Client

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ROLES = ("anonymous", "groupless", "viewer", "analyst", "operator", "superuser")


def user_of(role: str) -> User | None:
    """Return somebody of that role; nobody for anonymous."""
    if role == "anonymous":
        return None
    user, _ = User.objects.get_or_create(username=role, is_superuser=role == "superuser")
    user.groups.set(Group.objects.filter(name=role))
    return user


def client_of(role: str) -> Client:
    """Return the browser of somebody of that role, logged in unless anonymous."""
    client, user = Client(headers=BROWSER), user_of(role)
    if user:
        client.force_login(user)
    return client
