"""Outgoing HTTP to public addresses only, on real sockets; only what a name server says is ours to choose."""

import datetime
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.http.client import Client, TransportError
from config.http.public import is_public
from tests.fakes.faulty import Fault, FaultyServer, Received

PUBLIC = "93.184.215.14"
NAME = "hooks.example.org"
PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "5f00::1",
    "no address",
    "",
]
SPELLINGS = [
    "127.0.0.1",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0.0.0.0",
    "0",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "user:password@127.0.0.1",
]


class Hook(FaultyServer):
    """Takes what comes."""

    def __enter__(self) -> "Hook":
        super().__enter__()
        return self

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, b"ok"


class Ipv6Hook(Hook):
    """The same on the machine's own IPv6 address."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
        super().__init__()
        self._http.socket.close()
        self._http.socket = self._listening
        self.port = self._listening.getsockname()[1]


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        yield server


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(role="the hook", connect_timeout=2, read_timeout=2, public_only=True) as opened:
        yield opened


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the name server says, a list of addresses for each time it is asked."""
    said: list[list[str]] = []

    def getaddrinfo(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in (said.pop(0) if host == NAME else [host])
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return said


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The addresses that sockets connect to; the public one is led to this machine, as a router would lead it elsewhere."""
    seen: list[Any] = []

    class Led(socket.socket):
        def connect(self, address: Any) -> None:
            seen.append(address[0])
            super().connect(("127.0.0.1", address[1]) if address[0] == PUBLIC else address)

    monkeypatch.setattr(socket, "socket", Led)
    yield seen
    monkeypatch.undo()


def failure_of(client: Client, url: str) -> TransportError:
    with pytest.raises(TransportError) as caught:
        client.call("POST", url, data=b"{}")
    return caught.value


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_of_the_public_internet_is_not_public(address: str) -> None:
    assert is_public(address) is False


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_what_is_of_the_public_internet_is(address: str) -> None:
    assert is_public(address) is True


@pytest.mark.parametrize("host", SPELLINGS)
def test_this_machine_is_refused_however_it_is_spelled(hook: Hook, client: Client, host: str) -> None:
    error = failure_of(client, f"http://{host}:{hook.port}/")
    assert error.permanent or "connection failed" in str(error), "refused, or no address of this machine's resolver"
    assert hook.received == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0"])
def test_the_refusal_says_why_and_is_permanent(hook: Hook, client: Client, host: str) -> None:
    error = failure_of(client, f"http://{host}:{hook.port}/")
    assert (str(error), error.permanent) == ("the hook: the address is not a public one", True)


def test_this_machines_ipv6_addresses_are_refused(client: Client) -> None:
    with Ipv6Hook() as hook:
        for host in ("[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]"):
            assert failure_of(client, f"http://{host}:{hook.port}/").permanent
        assert hook.received == []
        with Client(role="the hook") as other:
            assert other.call("POST", f"http://[::1]:{hook.port}/", data=b"{}").status == 200


def test_without_the_restriction_this_machine_is_reached(hook: Hook) -> None:
    with Client(role="the hook") as other:
        assert other.call("POST", hook.url, data=b"{}").status == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.1.2.3", "::1", "fd00::1", "fe80::1"])
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    client: Client, answers: list[list[str]], dialled: list[Any], address: str
) -> None:
    answers.append([address])
    assert failure_of(client, f"http://{NAME}/").permanent
    assert dialled == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    client: Client, answers: list[list[str]], dialled: list[Any]
) -> None:
    answers.append([PUBLIC, "127.0.0.1"])
    assert failure_of(client, f"http://{NAME}/").permanent
    assert dialled == []


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(
    hook: Hook, client: Client, answers: list[list[str]], dialled: list[Any]
) -> None:
    answers += [[PUBLIC], ["127.0.0.1"]]
    assert client.call("POST", f"http://{NAME}:{hook.port}/", data=b"{}").status == 200
    assert dialled == [PUBLIC], "the address that was checked, and no other question"
    assert hook.received[0].headers["Host"] == f"{NAME}:{hook.port}"

    hook.fail_next(Fault(drop=True))
    failure_of(client, f"http://{NAME}:{hook.port}/")  # the kept connection is gone: a new one asks again
    assert failure_of(client, f"http://{NAME}:{hook.port}/").permanent or not answers
    assert set(dialled) == {PUBLIC}


def test_the_next_address_is_tried_where_one_does_not_answer(
    hook: Hook, client: Client, answers: list[list[str]], dialled: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.append(["2606:4700::1111", PUBLIC])
    led: Any = socket.socket

    class Unreachable(led):
        def connect(self, address: Any) -> None:
            if address[0] != PUBLIC:
                raise OSError("unreachable")
            super().connect(address)

    monkeypatch.setattr(socket, "socket", Unreachable)
    assert client.call("POST", f"http://{NAME}:{hook.port}/", data=b"{}").status == 200


def test_a_proxy_of_the_environment_is_not_asked(
    hook: Hook, client: Client, monkeypatch: pytest.MonkeyPatch, answers: list[list[str]], dialled: list[Any]
) -> None:
    monkeypatch.setenv("HTTP_PROXY", hook.url)
    monkeypatch.setenv("http_proxy", hook.url)
    answers.append(["10.0.0.1"])
    assert failure_of(client, f"http://{NAME}/").permanent
    assert hook.received == []
    assert dialled == []


def test_a_name_that_nobody_knows_is_temporary(client: Client) -> None:
    error = failure_of(client, "http://no-such-host.invalid/")
    assert error.permanent is False


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS for NAME, of an authority that requests trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_over_tls_the_certificate_must_be_the_names(
    hook: Hook, client: Client, answers: list[list[str]], dialled: list[Any], authority: ssl.SSLContext
) -> None:
    hook._http.socket = authority.wrap_socket(hook._http.socket, server_side=True)
    answers.append([PUBLIC])
    assert client.call("POST", f"https://{NAME}:{hook.port}/", data=b"{}").status == 200
    error = failure_of(client, f"https://{PUBLIC}:{hook.port}/")
    assert error.permanent is False
    assert str(error).startswith("the hook: the TLS handshake failed")
    assert dialled == [PUBLIC, PUBLIC]
    assert failure_of(client, f"https://127.0.0.1:{hook.port}/").permanent
