"""HTTP as the server speaks it: what a view gets of a request, and what a client gets of an answer."""

import http.client
import os
import signal
import socket
import struct
import time
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
import requests
from django.conf import settings
from django.urls import resolve

from config.server.bodies import limit_of
from config.server.environ import environ_of
from tests.config.server.conftest import LONG, ROWS
from tests.config.server.watched import Watched
from tests.fakes.faulty import wait_until
from tests.metrics import parse, value
from tests.processes import running_system

JSON = b"Host: localhost\r\nContent-Type: application/json\r\nPrefer: respond-async\r\n"


def talk(port: int, *pieces: bytes) -> bytes:
    """Send pieces over one connection and return all that comes back until it is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return connection.makefile("rb").read()


def scope(**facts: Any) -> dict[str, Any]:
    """Return what granian says of a request."""
    usual = {
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "headers": [],
    }
    return usual | {"server": ("10.0.0.1", "3100"), "client": ("10.0.0.9", "4711")} | facts


def test_the_environ_is_that_of_pep_3333() -> None:
    headers = [
        (b"host", b"apron.example"), (b"content-type", b"text/csv"), (b"x-forwarded-proto", b"https"), (b"x-many", b"1"),
        (b"x-many", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-name", "ä".encode("latin-1")),
        (b"x_forwarded_proto", b"made-up"),
    ]  # fmt: skip
    body = BytesIO(b"1,2")
    environ = environ_of(
        scope(method="PUT", raw_path=b"/a%20%C3%A4%FF", query_string=b"q=%20", headers=headers), body, 3
    )
    assert environ["PATH_INFO"] == "/a \u00c3\u00a4\u00ff"  # bytes as latin-1
    assert environ["QUERY_STRING"] == "q=%20"
    assert (environ["HTTP_HOST"], environ["CONTENT_TYPE"]) == ("apron.example", "text/csv")
    assert (environ["CONTENT_LENGTH"], environ["wsgi.input"]) == ("3", body)
    assert (environ["HTTP_X_MANY"], environ["HTTP_COOKIE"], environ["HTTP_X_NAME"]) == ("1,2", "a=1;b=2", "ä")
    assert environ["HTTP_X_FORWARDED_PROTO"] == "https"
    assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("10.0.0.9", "10.0.0.1", "3100")
    assert (environ["REQUEST_METHOD"], environ["SERVER_PROTOCOL"], environ["wsgi.url_scheme"]) == (
        "PUT",
        "HTTP/1.1",
        "http",
    )


def test_bodies_come_in_chunks_of_any_size_and_several_requests_over_one_connection(server: Watched) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    headers = {"Content-Type": "application/json", "Prefer": "respond-async"}
    for body in (
        b'{"content": "whole"}',
        iter([b'{"content"', b": ", b'"parts"}']),
        iter([b'[{"content": "' + b"x" * 300_000 + b'"}]']),
    ):
        connection.request("POST", "/api/data", body=body, headers=headers, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        answer.read()
    connection.close()


@pytest.mark.parametrize(
    "rest",
    [b'Content-Length: 400\r\n\r\n{"content": "half', b'Transfer-Encoding: chunked\r\n\r\n12\r\n{"content": "half"'],
)
def test_a_body_that_breaks_off_changes_nothing(server: Watched, rest: bytes) -> None:
    before, entries = server.held(), server.entries()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"POST /api/data HTTP/1.1\r\n" + JSON + rest)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100).partition(b"\r\n")[0] in {b"", b"HTTP/1.1 400 Bad Request"}
    server.check_nothing_left(before)
    assert server.entries() == entries


@pytest.mark.parametrize(
    ("path", "length"),
    [("/api/compute/files/t.csv", 6 * 1024**3), ("/api/data", 18 * 1024**2), ("/nothing", 18 * 1024**2)],
)
def test_a_body_that_no_view_takes_is_refused_before_it_comes(server: Watched, path: str, length: int) -> None:
    announced = talk(server.port, f"PUT {path} HTTP/1.1\r\nContent-Length: {length}\r\n".encode() + JSON + b"\r\n")
    assert announced.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close" in announced.lower()


def test_what_is_refused_before_a_view_has_it_is_counted(server: Watched) -> None:
    def counted() -> float:
        samples = parse(requests.get(f"{server.url}/metrics", timeout=20).text)
        return value(samples, "apron_http_request_duration_seconds_count", route="none", method="PUT", status="413")

    before = counted()
    for path in ("/api/data", "/nothing"):
        talk(server.port, f"PUT {path} HTTP/1.1\r\nContent-Length: {18 * 1024**2}\r\n".encode() + JSON + b"\r\n")
    assert counted() == before + 2


def test_a_body_that_cannot_be_kept_is_an_error_of_ours(server: Watched) -> None:
    away = server.spool.rename(server.spool.with_name("away"))
    try:
        answer = requests.post(f"{server.url}/data", data=b"x" * 300_000, timeout=20)
    finally:
        away.rename(server.spool)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (500, 500)
    assert problem["detail"] == "An internal error occurred. The log has the details under this instance."
    log = server.log.read_text()
    assert problem["instance"] in log
    assert "FileNotFoundError" in log


@pytest.mark.parametrize(("path", "bytes_"), settings.UPLOAD_PATHS.items())
def test_each_view_that_takes_uploads_gets_them(path: str, bytes_: int) -> None:
    assert limit_of(path) == limit_of(f"/api{path}") > bytes_
    assert resolve(path).route  # a path that leads nowhere ends at the empty one


@pytest.mark.parametrize("in_chunks", [False, True])
def test_lines_may_be_any_number_and_other_bodies_stay_bounded(server: Watched, in_chunks: bool) -> None:
    body = (b"x" * 1_000_000 + b"\n") * 20 + b'{"content": "streamed"}'
    before = server.held()

    def post(media_type: str) -> requests.Response:
        sent: Any = (body[n : n + 65_536] for n in range(0, len(body), 65_536)) if in_chunks else body
        headers = {"Content-Type": media_type, "Idempotency-Key": f"lines {in_chunks}".replace(" ", "-")}
        return requests.post(f"{server.url}/data", data=sent, headers=headers, timeout=60)

    first, again = post("application/x-ndjson; charset=utf-8"), post("application/x-ndjson")
    assert (first.status_code, first.json()["rejected"], first.json()["kept"]) == (201, 20, 1)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    with suppress(requests.ConnectionError):  # it may be closed before all is sent
        assert post("application/json").status_code == 413
    server.check_nothing_left(before)


def test_expect_100_continue_is_asked_for_the_body(server: Watched) -> None:
    body = b'{"content": "expected"}'
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        ask = b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(b"POST /api/data HTTP/1.1\r\n" + JSON + ask)
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 201 ")


def test_head_has_the_headers_and_no_body(server: Watched) -> None:
    for path in ("/api/data", "/api/data?limit=1", "/api/docs"):
        answer = talk(server.port, f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"\r\n\r\n")


def test_files_are_sent_whole_in_part_or_not_at_all(server: Watched) -> None:
    headers = {"Authorization": "Bearer test-token"}
    address, content = f"{server.url}/compute/files/parts.csv", os.urandom(300_000)
    assert requests.put(address, params={"overwrite": "true"}, data=content, headers=headers, timeout=20).ok
    whole = requests.get(address, headers=headers, timeout=20)
    assert whole.content == content
    part = requests.get(address, headers=headers | {"Range": "bytes=100000-199999"}, timeout=20)
    assert (part.status_code, part.content) == (206, content[100_000:200_000])
    same = requests.get(address, headers=headers | {"If-None-Match": whole.headers["ETag"]}, timeout=20)
    assert (same.status_code, same.content) == (304, b"")


def test_headers_beyond_the_limit_are_refused(server: Watched) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        with suppress(ConnectionError):  # it may be closed before all is sent
            connection.sendall(b"x" * 1_000_000)
        with suppress(ConnectionError):
            assert connection.recv(1000).partition(b"\r\n")[0] in {b"", b"HTTP/1.1 431 Request Header Fields Too Large"}


def test_who_leaves_in_the_middle_of_an_answer_leaves_nothing_behind(server: Watched) -> None:
    before = server.held()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(b"GET /api/data HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(1000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.check_nothing_left(before)


def test_an_answer_under_way_is_finished_when_the_server_stops(tmp_path: Any) -> None:
    with running_system(tmp_path) as system:
        process = system.start_web("--workers-kill-timeout", "20", "--log-level", "error")
        entries = [{"content": LONG}] * ROWS
        assert requests.post(f"{system.url}/data", json=entries, headers={"Prefer": "respond-async"}, timeout=60).ok
        with requests.get(f"{system.url}/data", stream=True, timeout=20) as answer:
            pieces = answer.iter_content(65_536)
            received = bytearray(next(pieces))
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            for piece in pieces:
                received += piece
        assert received.count(LONG.encode()) == ROWS
        wait_until(lambda: process.poll() is not None, seconds=25, what="the end of the server")


def test_a_list_that_breaks_off_does_not_pass_for_a_whole_one(server: Watched) -> None:
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(20)
        reader.connect(("127.0.0.1", server.port))
        reader.sendall(b"GET /api/data HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = reader.recv(1000)
        with server.system.hidden_table("data_entries"), suppress(ConnectionResetError):
            while chunk := reader.recv(65_536):
                received += chunk
    assert received.startswith(b"HTTP/1.1 200 ")
    assert not received.endswith(b"0\r\n\r\n")
