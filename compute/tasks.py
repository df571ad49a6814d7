"""Background tasks of compute beside its jobs. Running one twice, or never, is harmless."""

from compute.jobs import leases, services


def recover_jobs() -> None:
    """Take the jobs of silent runners from them."""
    leases.recover_jobs()


def drop_old_results() -> None:
    """Delete old results, and what dead attempts kept aside."""
    services.drop_old_results()
    leases.drop_old_scratch()
