"""500 clients that are slow on purpose, against a real server: honest ones notice nothing, and nothing is left of them."""

import socket
import time

import requests

from tests.config.server.conftest import LONG, ROWS
from tests.config.server.watched import Watched
from tests.fakes.faulty import wait_until
from tests.fakes.slow_clients import slow_bodies, slow_headers, slow_readers

MANY = 500


def test_500_slow_bodies_are_told_and_closed_while_honest_requests_go_on(server: Watched) -> None:
    before = server.held()
    with slow_bodies(server.port, MANY) as clients:
        server.check_honest_are_served(seconds=3)
        answers = clients.answers(seconds=20)
    assert {answer.partition(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 408 Request Timeout"}
    assert all(
        b"content-type: application/problem+json" in answer and b"connection: close" in answer for answer in answers
    )
    server.check_nothing_left(before)


def test_500_slow_headers_are_closed_while_honest_requests_go_on(server: Watched) -> None:
    before = server.held()
    with slow_headers(server.port, MANY) as clients:
        server.check_honest_are_served(seconds=3)
        clients.wait_until_closed(seconds=20)
    server.check_nothing_left(before)


def test_500_who_do_not_read_a_long_list_are_cut_while_honest_requests_go_on(server: Watched) -> None:
    before = server.held()
    with slow_readers(server.port, MANY, "/api/data") as clients:
        server.check_honest_are_served(seconds=3)
        clients.wait_until_closed(seconds=60)
    server.check_nothing_left(before)


def test_slow_readers_are_still_cut_after_a_time_without_descriptors(server: Watched) -> None:
    before = server.held()
    with server.without_descriptors():
        wait_until(lambda: "Nobody could look for slow readers" in server.log.read_text(), what="the warning")
    with slow_readers(server.port, 20, "/api/data") as clients:
        clients.wait_until_closed(seconds=60)
    server.check_nothing_left(before)


def test_all_of_them_together(server: Watched) -> None:
    before = server.held()
    with (
        slow_bodies(server.port, 170) as bodies,
        slow_headers(server.port, 170) as headers,
        slow_readers(server.port, 170, "/api/data") as readers,
    ):
        server.check_honest_are_served(seconds=3)
        for clients in (bodies, headers, readers):
            clients.wait_until_closed(seconds=60)
    server.check_nothing_left(before)


def test_connections_on_which_nothing_is_said_are_closed(server: Watched) -> None:
    before = server.held()
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(50)]
    for each in connections:
        with each:
            assert each.recv(1) == b""
    server.check_nothing_left(before)


def test_a_large_upload_at_an_honest_rate_passes(server: Watched) -> None:
    content = b"1,2\n" * 16_384 * 40

    headers = {"Authorization": "Bearer test-token"}
    address = f"{server.url}/compute/files/slow.csv"
    head = "PUT /api/compute/files/slow.csv?overwrite=true HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer test-token\r\n"
    for length in (f"Content-Length: {len(content)}", "Transfer-Encoding: chunked"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sender:
            sender.sendall(f"{head}{length}\r\nConnection: close\r\n\r\n".encode())
            for place in range(0, len(content), 65_536):
                time.sleep(0.1)  # 4 s in all, twice REQUEST_BODY_SECONDS
                piece = content[place : place + 65_536]
                sender.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if "chunked" in length else piece)
            if "chunked" in length:
                sender.sendall(b"0\r\n\r\n")
            assert sender.makefile("rb").readline().split()[1] in {b"200", b"201"}
        assert requests.get(address, headers=headers, timeout=20).content == content


def test_a_list_is_whole_for_who_reads_slowly_but_reads(server: Watched) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as reader:
        reader.sendall(b"GET /api/data HTTP/1.0\r\nHost: localhost\r\n\r\n")
        received = bytearray()
        while chunk := reader.recv(256 * 1024):
            received += chunk
            time.sleep(0.05)
    assert received.count(LONG.encode()) == ROWS
    assert received.endswith(b"]")
