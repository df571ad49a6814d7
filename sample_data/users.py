"""The people of `make run`: each logs in with their name as the password, and only where DEBUG is true."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

LOOKS_ONLY, ANALYSES, OPERATES, MAY_ALL = "viewer", "analyst", "operator", "demo"


def make_users() -> None:
    """Make the users that are not there yet; those that are keep what they have become."""
    if not settings.DEBUG:
        raise SystemExit("Users whose passwords are known are made where DEBUG is true, and nowhere else.")
    users = get_user_model().objects
    for name in (LOOKS_ONLY, ANALYSES, OPERATES, MAY_ALL):
        if users.filter(username=name).exists():
            continue
        user = users.create_user(name, password=name, is_staff=True, is_superuser=name == MAY_ALL)
        user.groups.set(Group.objects.filter(name=name))
