"""What the catalogue's tests share: the offers service on a real socket, in either profile."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from catalog.models import Product, ServiceToken
from config.core.locks import exclusive
from tests.factories_catalog import ProductFactory
from tests.fakes.offers import Offers


@pytest.fixture(autouse=True)
def _catalog_settings(settings: Any) -> None:
    settings.OFFERS_BASE_URL = "http://127.0.0.1:9/no-test-may-call-this"
    settings.OFFERS_REFRESH_TOKEN = ""
    settings.REFRESH_CONCURRENCY = 4
    settings.HISTORY_RETENTION_DAYS = 365


@pytest.fixture
def offers(settings: Any) -> Iterator[Offers]:
    """The documented service; settings point to it."""
    with Offers() as server:
        settings.OFFERS_BASE_URL = server.base_url
        yield server


@pytest.fixture
def todays_offers(settings: Any) -> Iterator[Offers]:
    """Today's public service; settings point to it and have its refresh token."""
    with Offers(profile="today") as server:
        settings.OFFERS_BASE_URL = server.base_url
        settings.OFFERS_REFRESH_TOKEN = server.refresh_token
        yield server


def known_product(server: Offers, *offers: tuple[str, int, int]) -> Product:
    """Make a product that is registered on both sides, sold so by the service: id, price, items in stock."""
    product: Product = ProductFactory()
    kept, _ = ServiceToken.objects.get_or_create(base_url=server.base_url, defaults={"token": "kept"})
    server.know(kept.token, product.pk)
    server.sell(product.pk, *offers)
    return product


@contextmanager
def held_elsewhere(lock: str) -> Iterator[None]:
    """Have another process, as it were, hold a lock: another thread with a database connection of its own."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(lock):
            taken.set()
            done.wait(30)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert taken.wait(10)
        try:
            yield
        finally:
            done.set()
        holder.result()
