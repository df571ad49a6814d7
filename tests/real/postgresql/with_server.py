"""`python -m tests.real.postgresql.with_server VERSION COMMAND...`: run a command on a PostgreSQL of that version.

With `--pooled` before it, behind PgBouncer by session.
"""

import os
import subprocess
import sys
from contextlib import ExitStack

from tests.real.postgresql.servers import pgbouncer, running_server


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    is_pooled = arguments[0] == "--pooled"
    version, *command = arguments[is_pooled:]
    with ExitStack() as stack:
        server = stack.enter_context(running_server(lambda _: {"synchronous_commit": "off"}, version=int(version)))
        address = stack.enter_context(pgbouncer(server, mode="session")) if is_pooled else server.address
        url = f"postgres://postgres:@{address}/postgres"
        return subprocess.call(command, env=os.environ | {"DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
