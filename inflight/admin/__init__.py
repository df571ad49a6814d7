"""The operator's view of in-flight sales: look at everything, import, send, retry."""

from inflight.admin import deliveries, imports, people  # noqa: F401 - they register themselves
