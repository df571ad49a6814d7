"""A forward proxy on a real socket that asks for a name and a password: plain requests, and tunnels by CONNECT."""

import base64
import contextlib
import http.client
import select
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = {"proxy-authorization", "proxy-connection", "connection", "transfer-encoding", "content-length"}
SECONDS = 20.0


class Proxy:
    """Passes requests on to where they go, for who knows the password."""

    def __init__(self, username: str = "apron", password: str = "pr0xy-s3cr3t/@") -> None:  # to be quoted in an address
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        self.password = password
        self.passed: list[str] = []  # the targets, in order
        self.refused = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Proxy-Authorization") != f"Basic {pair}":
                    proxy.refused += 1
                    self._answer(407, str(self.headers).encode())
                    return
                proxy.passed.append(self.path)
                if self.command == "CONNECT":
                    self._tunnel()
                else:
                    self._forward(body)

            do_GET = do_POST = do_CONNECT = _serve  # noqa: N815 - http.server's names

            def _forward(self, body: bytes) -> None:
                target = urlsplit(self.path)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
                there = http.client.HTTPConnection(target.hostname or "", target.port, timeout=SECONDS)
                with contextlib.closing(there):
                    there.request(self.command, target.path, body, headers)
                    answer = there.getresponse()
                    self._answer(answer.status, answer.read(), answer.headers["Content-Type"])

            def _tunnel(self) -> None:
                host, _, port = self.path.rpartition(":")
                with socket.create_connection((host, int(port)), timeout=SECONDS) as there:
                    self.send_response(200)
                    self.end_headers()
                    pump(self.connection, there)
                self.close_connection = True

            def _answer(self, status: int, body: bytes, type_: str = "text/plain") -> None:
                self.send_response(status)
                self.send_header("Content-Type", type_)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def url(self, userinfo: str = "apron:pr0xy-s3cr3t%2F%40") -> str:
        return f"http://{userinfo}@127.0.0.1:{self._http.server_address[1]}"


def pump(here: socket.socket, there: socket.socket) -> None:
    """Pass bytes both ways until one side ends, or nothing comes for a while."""
    other = {here: there, there: here}
    while ready := select.select([here, there], [], [], SECONDS)[0]:
        for each in ready:
            data = each.recv(65536)
            if not data:
                return
            other[each].sendall(data)
