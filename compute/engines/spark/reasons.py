"""Why Spark failed, by what it says."""

from collections.abc import Callable
from functools import partial

from compute.engines.spark import executors
from compute.engines.spark.cells import NO_PLAIN_ROW
from compute.files.errors import (
    BrokenFile,
    DiskFull,
    EngineUnavailable,
    FileChanged,
    LimitReached,
    NotSplittable,
    OutOfRange,
)

NOT_THERE = "Spark's executors find no such file: it is gone since it was asked for, or they do not reach COMPUTE_ROOT."
_REASONS: tuple[tuple[tuple[str, ...], Callable[[], Exception]], ...] = (
    ((executors.CANCELLED, "SparkContext was shut down", "stopped SparkContext"), EngineUnavailable),
    ((NO_PLAIN_ROW, "MALFORMED_RECORD_IN_PARSING"), NotSplittable),
    (("ARITHMETIC_OVERFLOW",), OutOfRange),
    (("No space left",), DiskFull),
    (
        ("OutOfMemoryError", "File too large"),
        partial(LimitReached, "The job needs more memory or disk than it may have."),
    ),
    (("FAILED_READ_FILE.FILE_NOT_EXIST",), partial(FileChanged, NOT_THERE, field="file_path")),
    (("FAILED_READ_FILE",), partial(BrokenFile, "The file cannot be read: it is damaged inside.")),
)


def reason_in(text: str) -> Exception | None:
    """Return what we say where Spark says this; None where it blames nothing that we know."""
    return next((make() for phrases, make in _REASONS if any(phrase in text for phrase in phrases)), None)
