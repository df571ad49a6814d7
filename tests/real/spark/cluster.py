"""A standalone Spark cluster from the pyspark wheel: a master and workers, each a process with folders of its own.

`python -m tests.real.spark.cluster COMMAND...`: run a command with a cluster of its own, named by SPARK_MASTER; stop it after.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import psutil
import pyspark

from config.worker.cluster import die_with_parent
from tests.fakes.faulty import wait_until

PYSPARK = Path(pyspark.__file__).parent
JARS = Path(__file__).resolve().parents[3] / ".real" / "spark"  # put there by `make test-spark-cluster`
WORKERS = 2
CORES, MEMORY_MB = 1, 700  # of each worker
EXECUTOR_MB = 600  # of them, the heap of an executor
SECONDS = 90.0  # for a JVM to start on a machine that does other things
QUICK_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
QUICK = {  # for many small jobs: nothing is compiled for long
    "spark.driver.extraJavaOptions": QUICK_JAVA,
    "spark.executor.extraJavaOptions": QUICK_JAVA,
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "2",
}
_MASTERS_PORT = re.compile(r"Starting Spark master at spark://127\.0\.0\.1:(\d+)")
_PAGES_PORT = re.compile(r"Bound MasterWebUI to .* started at http://[^:]*:(\d+)")


class Daemon:
    """A JVM that runs a class of Spark's, with what it starts: one process group."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        environment = {
            **os.environ,
            "SPARK_HOME": str(PYSPARK),
            "SPARK_CONF_DIR": str(folder),
            "SPARK_LOCAL_DIRS": str(folder / "local"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_HOSTNAME": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "192m",
            "SPARK_DAEMON_JAVA_OPTS": QUICK_JAVA,
            "SPARK_NO_DAEMONIZE": "1",
        }
        for secret in [each for each in environment if each.startswith(("AWS_", "FSSPEC_"))]:
            del environment[secret]  # another machine has another environment
        with self.log.open("ab") as log:
            self._offset = log.tell()
            self._process = subprocess.Popen(
                [PYSPARK / "bin/spark-class", f"org.apache.spark.deploy.{name}", *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - it imports nothing
            )

    def said(self, pattern: re.Pattern[str]) -> str:
        """Wait for a line of its log and return the pattern's group."""
        return wait_until(lambda: self._found(pattern), seconds=SECONDS, what=pattern.pattern)

    def _found(self, pattern: re.Pattern[str]) -> str:
        assert self._process.poll() is None, self.log.read_text()[-2000:]
        found = pattern.search(self.log.read_bytes()[self._offset :].decode(errors="replace"))
        return found[1] if found else ""

    def kill(self) -> None:
        """Kill it and all it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(20)


class Cluster:
    """A master and workers on 127.0.0.1, which may be killed and come back."""

    def __init__(self, folder: Path, workers: int = WORKERS) -> None:
        self.folder = folder
        self.port = self._pages_port = 0
        self._workers: list[Daemon] = []
        self._master: Daemon | None = None
        try:
            self.start_master()
            for _ in range(workers):
                self.add_worker()
            self.wait_for_workers()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """What SPARK_MASTER is set to."""
        return f"spark://127.0.0.1:{self.port}"

    def start_master(self) -> None:
        """Start the master, on the port that it had before."""
        place = self.folder / "master"
        self._master = Daemon(
            place, "master.Master", "--host", "127.0.0.1", "--port", str(self.port), "--webui-port", "0"
        )
        self.port = int(self._master.said(_MASTERS_PORT))
        self._pages_port = int(self._master.said(_PAGES_PORT))

    def kill_master(self) -> None:
        """Kill the master with -9."""
        if self._master:
            self._master.kill()

    def kill_workers(self) -> None:
        """Kill all workers and what they run with -9."""
        for worker in self._workers:
            worker.kill()
        self._workers = []

    def add_worker(self) -> None:
        """Start one worker more."""
        place = self.folder / f"worker-{len(self._workers) + 1}"
        sizes = ("--cores", str(CORES), "--memory", f"{MEMORY_MB}M", "--work-dir", str(place / "work"))
        ports = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        self._workers.append(Daemon(place, "worker.Worker", *ports, *sizes, self.url))

    def wait_for_workers(self) -> None:
        """Wait until the master knows all workers."""
        wait_until(lambda: self.state()["aliveworkers"] == len(self._workers), seconds=SECONDS, what="the workers")

    def state(self) -> dict[str, Any]:
        """Return what the master tells of itself: `aliveworkers`, `activeapps` and so on."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._pages_port}/json/", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def executors(self) -> list[psutil.Process]:
        """Return the processes that compute."""
        found = []
        for worker in self._workers:
            for process in psutil.Process(worker._process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if any("CoarseGrainedExecutorBackend" in word for word in process.cmdline()):
                        found.append(process)
        return found

    def written(self) -> Iterator[tuple[Path, bytes]]:
        """Yield the small files below its folders: logs of its processes and of executors."""
        for path in self.folder.rglob("*"):
            with suppress(OSError):
                if path.is_file() and path.suffix != ".jar":
                    yield path, path.read_bytes()

    def close(self) -> None:
        """Stop everything."""
        self.kill_workers()
        self.kill_master()


def options(others: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the options of a driver on this machine, with S3A in the class path and `others` beside it."""
    assert list(JARS.glob("hadoop-aws-*.jar")), (
        f"There is no hadoop-aws in {JARS}: make test-spark-cluster puts it there."
    )
    return {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraClassPath": f"{JARS}/*",
        "spark.executor.extraClassPath": f"{JARS}/*",
        "spark.executor.memory": f"{EXECUTOR_MB}m",
        **others,
    }


def as_text(options: Mapping[str, str]) -> str:
    """Return the options as SPARK_CONF has them."""
    return shlex.join(f"{name}={value}" for name, value in options.items())


@contextmanager
def cluster(workers: int = WORKERS) -> Iterator[Cluster]:
    """Run a cluster in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="apron-spark-") as folder, Cluster(Path(folder), workers) as found:
        yield found


def main(command: list[str]) -> int:
    """Run the command and return its exit status."""
    with cluster() as found:
        return subprocess.call(command, env=os.environ | {"SPARK_MASTER": found.url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
