"""The groups that an identity provider tells of, in whatever form."""

from typing import Any


def names_in(told: Any) -> list[str]:
    """Return the names of groups: of a list as it is, of a text the one it is; [] of anything else."""
    if isinstance(told, str):
        return [told]
    return [str(name) for name in told] if isinstance(told, list) else []
