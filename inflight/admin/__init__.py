"""Admin of inflight: customers, purchases, imports, deliveries."""

from inflight.admin import batches, deliveries, imports, people  # noqa: F401 - they register themselves
