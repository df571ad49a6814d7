"""Outgoing calls by service and by what came of them."""

import pytest

from config.core.counters import collect
from config.http.client import Client, TransportError
from tests.fakes.faulty import Fault, FaultyServer, Received, free_port

NAME = "apron_outgoing_request_duration_seconds"


class Service(FaultyServer):
    """Answers JSON, a page at /page, 404 at /missing."""

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        if request.path == "/missing":
            return 404, {}, b""
        kind = "text/html" if request.path == "/page" else "application/json"
        return 200, {"Content-Type": kind}, b"{}"


def counted(role: str) -> dict[str, float]:
    """Return the attempts by status of one service."""
    return {
        sample.labels["status"]: sample.value
        for metric in collect()
        for sample in metric.samples
        if sample.name == f"{NAME}_count" and sample.labels["service"] == role
    }


def test_each_attempt_is_counted_by_what_came_of_it() -> None:
    with Service() as server, Client(role="the first test", accepts=["application/json"]) as client:
        for path in ("/", "/?secret=1", "/page", "/missing"):
            try:
                client.call("GET", server.url + path)
            except TransportError:
                continue
        server.fail_next(Fault(status=503))
        with pytest.raises(TransportError):
            client.call("GET", server.url)
        server.fail_next(Fault(drop=True))
        with pytest.raises(TransportError):
            client.call("GET", server.url)
    assert counted("the first test") == {"2xx": 2, "unusable": 1, "4xx": 1, "5xx": 1, "none": 1}


def test_a_refused_connection_is_no_answer() -> None:
    with free_port() as port:
        pass
    with Client(role="the second test") as client, pytest.raises(TransportError):
        client.call("GET", f"http://127.0.0.1:{port}/")
    assert counted("the second test") == {"none": 1}


def test_no_label_has_an_address() -> None:
    with Service() as server, Client(role="the third test") as client:
        client.call("GET", f"{server.url}/customers/42?secret=1")
    labels = {value for metric in collect() for sample in metric.samples for value in sample.labels.values()}
    assert "the third test" in labels
    assert not [label for label in labels if "127.0.0.1" in label or "secret" in label]
