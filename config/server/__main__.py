"""`python -m config.server [granian's options]`: serve Apron.

The workers are forked from this process, or load this module again: either way they find our loop registered.
"""

import os
import resource
import sys
from contextlib import suppress

from granian.cli import entrypoint

from config.core.postgresql.settings_checks import check_database
from config.server import loop

OPTIONS = (
    "--interface asginl --loop asyncio --no-ws "
    "--http 1 "  # a connection is then one request at a time; before HTTP/2's preface granian waits without a deadline
    "--http1-header-read-timeout 20000 "  # milliseconds, also for the next request of a connection
    "--http1-buffer-size 65536 "  # bytes: what granian holds of an answer that is not read, and the longest headers
    "--backlog 2048 --backpressure 1500 "  # connections, the latter of each worker
)


def main() -> None:
    """Serve until a signal ends it; not at all on a database that Apron must not use."""
    if errors := check_database():
        sys.exit("\n".join(str(error) for error in errors))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS has limits of its own below an endless one
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection is a file, and the usual limit is 1,024
    sys.argv[1:1] = [*OPTIONS.split(), "config.server.application:application"]
    entrypoint()  # type: ignore[no-untyped-call]


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
loop.register()
if __name__ == "__main__":
    main()
