"""What the runner counts of jobs."""

from config.core.counters import Histogram

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)

JOB_SECONDS = Histogram(
    "apron_job_duration_seconds",
    "Time from a job's last start to its end, of jobs that a runner ended",
    ["operation", "engine", "status"],
    BUCKETS,
)
