"""The fixtures of compute's own tests, for those that take longer or want a store that Python's packages do not bring."""

from tests.compute.conftest import client, compute_root, margin, runner, start_runner
from tests.compute.files.conftest import store

__all__ = ["client", "compute_root", "margin", "runner", "start_runner", "store"]
