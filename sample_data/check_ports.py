"""`python -m sample_data.check_ports PORT KAFKA_PORT …`: exit with a message if a port named by a variable is in use.

Uses the standard library only. `make run` calls it before it starts anything.
"""

import os
import socket
import sys


def is_free(port: int) -> bool:
    """Return whether a server can listen on the port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just closed is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def main(variables: list[str]) -> int:
    """Print a line for each port that is in use, and return the exit status."""
    taken = [(name, port) for name in variables if not is_free(port := int(os.environ[name]))]
    for name, port in taken:
        print(
            f"Port {port} is in use by another program. Choose another one: make run {name}={port + 1000}",
            file=sys.stderr,
        )
    return 1 if taken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
