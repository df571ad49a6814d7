"""Background tasks of the config app."""

from config.api.idempotency import drop_old_keys


def drop_old_idempotency_keys() -> None:
    """Forget the keys that nobody may repeat any more."""
    drop_old_keys()
