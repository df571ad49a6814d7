"""A TCP proxy before the broker, to take it away without losing its data: cut, stall, refuse, and let through again."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator

STEP_SECONDS = 0.02


class KafkaProxy:
    """Listens on 127.0.0.1 and passes bytes to a port behind it.

    `cut()` drops every connection and refuses new ones; `stall()` keeps connections open and passes nothing; `heal()` ends
    both; `drop_answers()` passes requests on and swallows the answers: the broker takes what nobody hears of.
    """

    def __init__(self, port: int = 0) -> None:
        self._listener = self._listen(port)
        self.port: int = self._listener.getsockname()[1]
        self.target_port = 0
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._passes = threading.Event()
        self._passes.set()
        self._answers = threading.Event()
        self._answers.set()
        self._is_cut = False
        self._closed = False

    @staticmethod
    def _listen(port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        listener.settimeout(STEP_SECONDS)
        return listener

    def start(self, target_port: int) -> None:
        """Pass everything to this port of 127.0.0.1."""
        self.target_port = target_port
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closed = True
        self._passes.set()
        self._drop_all()
        self._listener.close()

    def cut(self) -> None:
        """Drop all connections and refuse new ones, as a machine that is gone does."""
        self._is_cut = True
        self._listener.close()
        self._drop_all()

    def stall(self) -> None:
        """Accept and pass nothing, as a network that swallows packets does."""
        self._passes.clear()

    def drop_answers(self) -> None:
        """Pass requests on, and none of the answers."""
        self._answers.clear()

    def heal(self) -> None:
        """Let everything through again. Connections whose answers were swallowed are dropped: they lost their place."""
        if self._is_cut:
            self._listener = self._listen(self.port)
            self._is_cut = False
        if not self._answers.is_set():
            self._drop_all()
        self._answers.set()
        self._passes.set()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """The broker is away while in here."""
        self.cut()
        try:
            yield
        finally:
            self.heal()

    def _drop_all(self) -> None:
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                time.sleep(STEP_SECONDS)  # cut
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.setblocking(True)
            with socket.create_connection(("127.0.0.1", self.target_port)) as broker:
                with self._lock:
                    if self._is_cut:
                        return
                    self._connections |= {client, broker}
                try:
                    self._pump(client, broker)
                finally:
                    with self._lock:
                        self._connections -= {client, broker}

    def _pump(self, client: socket.socket, broker: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, broker)
            selector.register(broker, selectors.EVENT_READ, client)
            while not self._closed:
                for key, _ in selector.select(timeout=0.5):
                    source: socket.socket = key.fileobj  # type: ignore[assignment]
                    data = source.recv(262144)
                    if not data:
                        return
                    self._passes.wait()
                    if source is client or self._answers.is_set():
                        key.data.sendall(data)
