"""The address of who asks is the one that a trusted proxy tells, and never one that the caller made up."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import RequestFactory

from config.access.addresses import client_address


def address(settings: Any, *, peer: str, forwarded: str = "", proxies: str = "") -> str:
    settings.TRUSTED_PROXIES = proxies.split() if proxies else []
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


def test_without_trusted_proxies_the_header_is_not_believed(settings: Any) -> None:
    assert address(settings, peer="192.0.2.1", forwarded="198.51.100.7") == "192.0.2.1"


def test_one_that_is_no_proxy_of_ours_cannot_make_up_its_address(settings: Any) -> None:
    assert address(settings, peer="192.0.2.1", forwarded="198.51.100.7", proxies="10.0.0.0/8") == "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7, 10.0.0.3", "198.51.100.7"),
        ("198.51.100.7:50123", "198.51.100.7"),
        ("[2001:db8::7]:50123", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("unknown", "10.0.0.2"),
        ("10.0.0.4", "10.0.0.4"),
        ("", "10.0.0.2"),
    ],
)
def test_behind_proxies_it_is_the_last_that_is_none_of_theirs(settings: Any, forwarded: str, expected: str) -> None:
    assert address(settings, peer="10.0.0.2", forwarded=forwarded, proxies="10.0.0.0/8") == expected


def test_a_proxy_that_is_told_as_an_ipv6_address_is_known(settings: Any) -> None:
    assert address(settings, peer="::ffff:10.0.0.2", forwarded="198.51.100.7", proxies="10.0.0.2") == "198.51.100.7"


def test_proxies_that_cannot_be_read_are_found_before_the_start(settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "proxy.example"]

    (error,) = (each for each in run_checks() if each.id == "apron.E100")

    assert "proxy.example" in error.msg


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("https_only", "proxies", "warnings"), [(True, [], 1), (True, ["10.0.0.1"], 0), (False, [], 0)]
)
def test_a_proxy_that_is_not_named_is_warned_of(
    settings: Any, https_only: bool, proxies: list[str], warnings: int
) -> None:
    settings.HTTPS_ONLY, settings.TRUSTED_PROXIES = https_only, proxies
    found = [each.id for each in run_checks(include_deployment_checks=True)]
    assert found.count("apron.W130") == warnings
