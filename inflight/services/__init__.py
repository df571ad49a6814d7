"""Services of inflight: imports, uploads, deliveries."""
