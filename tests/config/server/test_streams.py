"""What is streamed is made piece by piece, in any thread."""

from pathlib import Path

from tests.test_architecture import SOURCES

CURSORS = {"config/api/idempotency.py", "config/admin/export.py"}  # of these, none outlives the function it is made in


def test_nothing_that_is_streamed_may_hold_a_cursor() -> None:
    """The pieces of an answer are made in any thread (decision 0073), and a cursor belongs to one."""
    faces = {"api", "pages", "admin", "selectors.py"}
    streaming = {path for path in SOURCES if faces & set(Path(path).parts)}
    assert {path for path in streaming if ".iterator(" in SOURCES[path]} == CURSORS
