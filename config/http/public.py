"""Connect to public addresses only, for addresses that an operator typed and a name server answers for.

The name is resolved once, and what is checked is what is connected to: a name that answers otherwise the second time (DNS
rebinding) gains nothing, however an address is spelled.
"""

import ipaddress
import socket
import sys
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
NAT64 = ipaddress.ip_network("64:ff9b::/96")
MOST_ADDRESSES = 4  # of a host that are tried, each for as long as the timeout allows
NOT_PUBLIC = (  # beside what ipaddress knows
    ipaddress.ip_network("192.0.0.0/24"),  # of protocols, and where Oracle's machines find their metadata
    ipaddress.ip_network("168.63.129.16/32"),  # answers inside Azure's machines only
)


class PrivateAddress(Exception):  # noqa: N818 - named after what is wrong
    """A host has no public address."""


def is_public(text: str) -> bool:
    """Return whether an address is one of the public internet, those inside IPv6 addresses included."""
    try:
        address = _embedded(ipaddress.ip_address(text))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in NOT_PUBLIC)


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class PublicAdapter(HTTPAdapter):
    """Transport of a session that connects to public addresses only, and past no proxy, which would resolve names itself."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PublicHTTPPool, "https": _PublicHTTPSPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(request, *args, **kwargs | {"proxies": {}})


def _connect(connection: HTTPConnection) -> socket.socket:
    """Return a connected socket, as urllib3's own `_new_conn` does; raise PrivateAddress where none may be connected to."""
    host = connection.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(host, connection, socket.gaierror(str(error))) from error
    addresses = [str(answer[4][0]) for answer in found]
    if not addresses or not all(map(is_public, addresses)):
        raise PrivateAddress
    try:
        connected = _first_that_connects(connection, addresses[:MOST_ADDRESSES])
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "no connection in time") from error
    except OSError as error:
        raise NewConnectionError(connection, "no connection") from error
    sys.audit("http.client.connect", connection, connection.host, connection.port)
    return connected


def _first_that_connects(connection: HTTPConnection, addresses: list[str]) -> socket.socket:
    *others, last = addresses
    for address in others:
        try:
            return _connect_to(connection, address)
        except OSError:
            continue
    return _connect_to(connection, last)


def _connect_to(connection: HTTPConnection, address: str) -> socket.socket:
    return create_connection(
        (address, connection.port or 0),
        connection.timeout,
        source_address=connection.source_address,
        socket_options=connection.socket_options,
    )


class _PublicHTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _PublicHTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _PublicHTTPPool(HTTPConnectionPool):
    ConnectionCls = _PublicHTTPConnection


class _PublicHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPSConnection
