"""Apache Kafka as a whole cluster: one KRaft controller and three brokers, each a Java process, on loopback.

The jars are those of pom.xml, which `make test-kafka` puts below .real/. Timeouts are the broker's defaults, so that what
the tests see is what a cluster does.
"""

import atexit
import base64
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import KafkaError

from config.worker.cluster import die_with_parent
from tests.fakes.faulty import free_port, wait_until
from tests.fakes.kafka_proxy import KafkaProxy
from tests.real.kafka.certificates import PASSWORD, USER, Certificates
from tests.real.kafka.proxies import KafkaProxies

JARS = Path(__file__).resolve().parents[3] / ".real" / "kafka"
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk"
CONTROLLER = 100
BROKERS = (1, 2, 3)
JAVA = (
    "java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.apache.logging.log4j.level=WARN",
    "-cp", f"{JARS}/*",
)  # fmt: skip
START_SECONDS = 300.0  # on a machine with others at work


class Node:
    """A controller or a broker: a folder with its properties, its data and its log, and a process that may be killed."""

    def __init__(self, folder: Path, properties: dict[str, Any]) -> None:
        self.folder = folder
        folder.mkdir()
        self._number = properties["node.id"]
        self._properties = folder / "server.properties"
        lines = [f"{name}={value}\n" for name, value in {**properties, "log.dirs": folder / "data"}.items()]
        self._properties.write_text("".join(lines))
        self._process: subprocess.Popen[bytes] | None = None

    def format(self, *options: str) -> None:
        """Write the metadata that a node starts with."""
        command = [*JAVA, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._properties), *options]
        subprocess.run(command, check=True, capture_output=True, timeout=START_SECONDS)

    def format_by_hand(self) -> None:
        """Write what the tool writes for a broker, without the three seconds that it takes."""
        directory = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        lines = ("version=1", f"cluster.id={CLUSTER_ID}", f"node.id={self._number}", f"directory.id={directory}")
        (self.folder / "data").mkdir()
        (self.folder / "data" / "meta.properties").write_text("\n".join(lines))

    def start(self) -> None:
        """Start it; it dies with this process."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*JAVA, "kafka.Kafka", self._properties],
                cwd=self.folder, stdout=log, stderr=log,
                preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - it runs one call and no lock
            )  # fmt: skip

    def kill(self) -> None:
        """End it with -9, as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an operator does: it hands its partitions over first."""
        self._end(signal.SIGTERM)

    def hang(self) -> None:
        """Stop its process, which keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)


class KafkaCluster:
    """Three brokers whose only known addresses are those of `proxy`; it may stand wherever the tests' Tansu does.

    Each broker also listens with TLS and SCRAM, at `secure`, and at `expired` with a certificate that has run out.
    """

    def __init__(self) -> None:
        self.proxies = {number: KafkaProxy() for number in BROKERS}
        self.proxy = KafkaProxies([*self.proxies.values()])
        self.brokers: dict[int, Node] = {}
        self._stack = ExitStack()

    @property
    def address(self) -> str:
        return self._addresses({number: proxy.port for number, proxy in self.proxies.items()})

    def __enter__(self) -> "KafkaCluster":
        self._folder = Path(tempfile.mkdtemp(prefix="apron-kafka-"))
        self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
        try:
            self._start()
        except BaseException as error:
            for log in self._folder.glob("*/log"):
                error.add_note(f"{log}:\n{log.read_text()[-3000:]}")
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        self.certificates = Certificates(self._folder)
        self._ports = {name: self._free_ports() for name in ("CLIENT", "INTERNAL", "SECURE", "EXPIRED")}
        with free_port() as port:
            self._quorum = f"{CONTROLLER}@127.0.0.1:{port}"
        self.secure, self.expired = (self._addresses(self._ports[name]) for name in ("SECURE", "EXPIRED"))
        self.controller = Node(self._folder / "controller", self._controller_properties(port))
        self.brokers = {n: Node(self._folder / f"broker-{n}", self._broker_properties(n)) for n in BROKERS}
        for node in (self.controller, *self.brokers.values()):
            self._stack.callback(node.kill)
        self.controller.format("--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]")
        for node in self.brokers.values():
            node.format_by_hand()
        for node in (self.controller, *self.brokers.values()):
            node.start()
        for number, proxy in self.proxies.items():
            proxy.start(self._ports["CLIENT"][number])
        self._stack.callback(self.proxy.close)
        self.wait_until_whole()

    @staticmethod
    def _free_ports() -> dict[int, int]:
        with ExitStack() as held:  # all at once, so that they differ
            return {number: held.enter_context(free_port()) for number in BROKERS}

    @staticmethod
    def _addresses(ports: dict[int, int]) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in ports.values())

    def _common_properties(self) -> dict[str, Any]:
        return {
            "controller.quorum.voters": self._quorum,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,"
            "SECURE:SASL_SSL,EXPIRED:SASL_SSL",
            "default.replication.factor": len(BROKERS),
            "min.insync.replicas": 2,
        }

    def _controller_properties(self, port: int) -> dict[str, Any]:
        own = {"process.roles": "controller", "node.id": CONTROLLER, "listeners": f"CONTROLLER://127.0.0.1:{port}"}
        return self._common_properties() | own

    def _broker_properties(self, number: int) -> dict[str, Any]:
        listeners = {name: f"{name}://127.0.0.1:{ports[number]}" for name, ports in self._ports.items()}
        advertised = listeners | {"CLIENT": f"CLIENT://127.0.0.1:{self.proxies[number].port}"}
        return {
            **self._common_properties(),
            "process.roles": "broker",
            "node.id": number,
            "listeners": ",".join(listeners.values()),
            "advertised.listeners": ",".join(advertised.values()),
            "inter.broker.listener.name": "INTERNAL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            **self._secured("secure", self.certificates.good),
            **self._secured("expired", self.certificates.expired),
        }

    @staticmethod
    def _secured(listener: str, key_store: Path) -> dict[str, Any]:
        return {
            f"listener.name.{listener}.ssl.keystore.type": "PEM",
            f"listener.name.{listener}.ssl.keystore.location": key_store,
            f"listener.name.{listener}.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
        }

    # What tests do to it

    def wait_until_whole(self) -> None:
        """Wait until all brokers are up and no partition lacks a replica."""
        wait_until(self._is_whole, seconds=START_SECONDS, what="the cluster being whole")

    def _is_whole(self) -> bool:
        try:
            with self.admin() as admin:
                if sum(not each.get("is_fenced") for each in admin.describe_cluster()["brokers"]) < len(BROKERS):
                    return False
                partitions = [each for topic in admin.describe_topics() for each in topic["partitions"]]
                return all(len(each["isr_nodes"]) == len(each["replica_nodes"]) for each in partitions)
        except KafkaError:
            time.sleep(0.3)
            return False

    def admin(self) -> "Admin":
        """Return a client of the cluster, past the proxies."""
        return Admin(self._addresses(self._ports["INTERNAL"]))

    def make_topic(self, name: str, **configs: str) -> None:
        """Make a topic on all brokers."""
        with self.admin() as admin:
            made = NewTopic(name, num_partitions=1, replication_factor=len(BROKERS), topic_configs=configs)
            admin.create_topics([made])

    def configure_topic(self, name: str, **configs: str) -> None:
        """Change settings of a topic."""
        with self.admin() as admin:
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=configs)])

    def leader(self, topic: str) -> Node:
        """Return the broker that leads the topic's first partition."""
        with self.admin() as admin:
            [described] = admin.describe_topics([topic])
        return self.brokers[described["partitions"][0]["leader_id"]]

    def restore(self) -> None:
        """Start what is not running, let go on what hangs, and wait until all is well."""
        self.proxy.heal()
        for node in self.brokers.values():
            node.go_on() if node.is_running() else node.start()
        self.wait_until_whole()


class Admin:
    """kafka-python's client for administrators, which closes."""

    def __init__(self, addresses: str) -> None:
        self._client = KafkaAdminClient(bootstrap_servers=addresses, bootstrap_timeout_ms=5000, request_timeout_ms=5000)

    def __enter__(self) -> Any:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()


@cache
def shared_cluster() -> KafkaCluster:
    """Return the cluster of this test process; it ends with it."""
    cluster = KafkaCluster().__enter__()
    atexit.register(cluster.__exit__)
    return cluster
