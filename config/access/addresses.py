"""The address that a request comes from, also behind proxies."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Network = IPv4Network | IPv6Network


def client_address(request: HttpRequest) -> str:
    """Return the address of who asks, or "" where the server tells none (a Unix socket).

    A proxy of TRUSTED_PROXIES adds to `X-Forwarded-For` who has called it, so the last address there that is none of theirs
    is the caller's. What stands before it may be made up. Without TRUSTED_PROXIES the header is not looked at.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    if not settings.TRUSTED_PROXIES:
        return address
    proxies = parsed_networks(tuple(settings.TRUSTED_PROXIES))
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        before = _without_port(hop.strip())
        if not is_within(address, proxies) or not is_address(before):
            break
        address = before
    return address


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


@lru_cache(maxsize=1000)
def parsed_networks(networks: tuple[str, ...]) -> tuple[Network, ...]:
    """Return networks such as 10.0.0.0/8, or single addresses; raise ValueError."""
    return tuple(ip_network(network.strip(), strict=False) for network in networks)


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Return whether an address lies in one of the networks; what is no address lies in none."""
    if not is_address(address):
        return False
    found = ip_address(address)
    plain = getattr(found, "ipv4_mapped", None) or found  # ::ffff:10.0.0.1, as a socket for both families tells it
    return any(plain in network for network in networks)


def is_address(text: str) -> bool:
    """Return whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
