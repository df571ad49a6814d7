"""What inflight does: imports and deliveries."""
