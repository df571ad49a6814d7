"""The ways to all brokers of a cluster at once, with the faults of one."""

import contextlib
from collections.abc import Iterator, Sequence

from tests.fakes.kafka_proxy import KafkaProxy


class KafkaProxies:
    """Does to each proxy what its methods say of one."""

    def __init__(self, proxies: Sequence[KafkaProxy]) -> None:
        self._proxies = proxies

    def cut(self) -> None:
        for proxy in self._proxies:
            proxy.cut()

    def stall(self) -> None:
        for proxy in self._proxies:
            proxy.stall()

    def drop_answers(self) -> None:
        for proxy in self._proxies:
            proxy.drop_answers()

    def heal(self) -> None:
        for proxy in self._proxies:
            proxy.heal()

    def close(self) -> None:
        for proxy in self._proxies:
            proxy.close()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """All brokers are away while in here."""
        self.cut()
        try:
            yield
        finally:
            self.heal()
