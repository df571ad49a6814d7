"""What a worker does for compute beside its jobs, which a runner runs. Running one twice, or never, is harmless."""

from compute.services import jobs, running


def recover_jobs() -> None:
    """Take the jobs of silent runners from them."""
    running.recover_jobs()


def drop_old_results() -> None:
    """Delete old results, and what dead attempts kept aside."""
    jobs.drop_old_results()
    running.drop_old_scratch()
