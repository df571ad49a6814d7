"""PostgreSQL as it is met in the field: behind poolers, failing over, full of connections, asked for by certificates."""

from typing import Any

# For each option that DATABASE_URL does not give (?connect_timeout=...). Without them a server whose machine is gone, which
# closes no connection, is waited for: two minutes by who connects, and a quarter of an hour by who waits for an answer.
CONNECTION: dict[str, Any] = {
    "connect_timeout": 3,  # seconds, for each host: less than a request waits for a connection
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds that what was sent may stay without a receipt, on Linux
}
# `reconnect_timeout`: the pool waits twice as long after each failure, and would go on doing so for five minutes.
POOL: dict[str, Any] = {"min_size": 1, "timeout": 5, "reconnect_timeout": 5}
