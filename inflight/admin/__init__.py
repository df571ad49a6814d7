"""Admin of inflight: customers, purchases, imports, pickups, deliveries."""

from inflight.admin import batches, deliveries, imports, people, pickups  # noqa: F401 - they register themselves
