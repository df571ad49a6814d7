"""A single broker of Apache Kafka, without the rest of a cluster."""

import time
from pathlib import Path

from kafka.admin import NewTopic
from kafka.errors import KafkaError

from tests.fakes.faulty import free_port, wait_until
from tests.real.kafka.cluster import START_SECONDS, Admin, Node


class LoneBroker:
    """A broker that is its own controller and does not make topics by itself."""

    def __init__(self, folder: Path) -> None:
        with free_port() as client, free_port() as controller:
            self.address = f"127.0.0.1:{client}"
            listeners = f"CLIENT://{self.address},CONTROLLER://127.0.0.1:{controller}"
        self._node = Node(
            folder / "lone",
            {
                "process.roles": "broker,controller",
                "node.id": 1,
                "controller.quorum.voters": f"1@127.0.0.1:{controller}",
                "controller.listener.names": "CONTROLLER",
                "listeners": listeners,
                "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT",
                "inter.broker.listener.name": "CLIENT",
                "auto.create.topics.enable": "false",
            },
        )

    def __enter__(self) -> "LoneBroker":
        self._node.format()
        self._node.start()
        try:
            wait_until(self._answers, seconds=START_SECONDS, what="the broker answering")
        except BaseException:
            self._node.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._node.kill()

    def make_topic(self, name: str) -> None:
        with Admin(self.address) as admin:
            admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])

    def _answers(self) -> bool:
        try:
            with Admin(self.address) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            time.sleep(0.3)
            return False
