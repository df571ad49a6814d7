"""What operators may do besides looking. Declared by the apps; the groups are made by `migrate` (config/groups.py)."""

_operations: list[str] = []


def operators_may(*permissions: str) -> None:
    """Give the group of operators these permissions ("app.codename"), from an app's ready()."""
    _operations.extend(permissions)


def operations() -> list[str]:
    """Return what the installed apps declared."""
    return list(_operations)
