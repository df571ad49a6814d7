"""Management commands that the supervisor keeps running beside the queue's cluster, declared by apps."""

_commands: dict[str, None] = {}


def ensure_running(command: str) -> None:
    """Declare a management command that runs until SIGTERM, from an app's ready()."""
    _commands[command] = None


def declared_commands() -> list[str]:
    """Return what the installed apps declared."""
    return list(_commands)
