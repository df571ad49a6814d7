"""`python -m benchmarks.refresh_offers`: a refresh of 10,000 products against a service that answers in 50 ms.

Beside it the floor (nothing but waiting, 16 at a time) and the plain way: one session that asks for one product after the
other and writes each, measured on some of them. On DATABASE_URL, if that has no products, or SQLite in a temporary folder.
The service runs in a process of its own and holds 50 ms per answer however many ask; every price is another at each question.
"""
# ruff: noqa: PLC0415 - only a step has Django set up; the comparison has none

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

PRODUCTS, OFFERS_EACH, SECONDS_EACH, CONCURRENCY = 10_000, 3, 0.05, 16
SEQUENTIAL_PRODUCTS = 300


def serve(pipe: Connection) -> None:
    """Answer every request after SECONDS_EACH with offers whose prices no two answers share."""
    prices = count(100)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(SECONDS_EACH)
            price = next(prices)
            offers = [{"id": f"shop {n}", "price": price + n, "items_in_stock": 5} for n in range(OFFERS_EACH)]
            body = json.dumps(offers).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
            writer.write(body)

    async def main() -> None:
        async def talk_until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(talk_until_closed, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def prepare() -> None:
    """Make an empty database with the products, registered, and a token."""
    from django.conf import settings
    from django.core.management import call_command

    from catalog.models import Product, ServiceToken

    call_command("migrate", verbosity=0)
    if Product.objects.exists():
        sys.exit("This database has products. Give one without, or none at all: it would not be the same after.")
    registered = Product.Registration.REGISTERED
    Product.objects.bulk_create(
        [Product(name=f"Product {number}", registration=registered) for number in range(PRODUCTS)], batch_size=1000
    )
    ServiceToken.objects.update_or_create(base_url=settings.OFFERS_BASE_URL, defaults={"token": "kept"})


def refresh() -> None:
    """Apron's own way, over all products."""
    from catalog.services.refresh import refresh_offers

    run = refresh_offers()
    assert (run.status, run.products, run.failures) == ("completed", PRODUCTS, 0), run.error


def refresh_one_by_one() -> None:
    """The plain way, over some of the products: ask, write, ask, write."""
    import requests
    from django.conf import settings
    from django.utils import timezone

    from catalog.models import Offer, OfferChange, Product

    session = requests.Session()
    for product in Product.objects.all()[:SEQUENTIAL_PRODUCTS]:
        url = f"{settings.OFFERS_BASE_URL}/products/{product.pk}/offers"
        for told in session.get(url, headers={"Bearer": "kept"}, timeout=10).json():
            values = {"price": told["price"], "items_in_stock": told["items_in_stock"]}
            offer, _ = Offer.objects.update_or_create(product=product, offer_id=told["id"], defaults=values)
            OfferChange.objects.create(offer=offer, observed_at=timezone.now(), **values)


STEPS: dict[str, Callable[[], None]] = {
    "prepare": prepare,
    "refresh": refresh,
    "one-by-one": refresh_one_by_one,
}


def step(name: str) -> None:
    """Run one step in this process and print its seconds and peak megabytes as JSON."""
    import django

    django.setup()
    started = time.perf_counter()
    STEPS[name]()
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def measure(name: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run a step in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.refresh_offers", "--step", name]
    done = subprocess.run(command, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(database_url: str) -> None:
    """Measure all ways and print the table."""
    ours, theirs = multiprocessing.Pipe()
    service = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    service.start()
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url,
        "OFFERS_BASE_URL": f"http://127.0.0.1:{ours.recv()}",
        "OFFERS_REFRESH_TOKEN": "",
        "REFRESH_CONCURRENCY": str(CONCURRENCY),
    }
    try:
        measure("prepare", environment)
        rows = [("floor: 50 ms each, 16 at a time", PRODUCTS * SECONDS_EACH / CONCURRENCY, "")]
        for label in ("Apron, all offers new", "Apron, all prices changed"):
            ours_took = measure("refresh", environment)
            rows.append((label, ours_took["seconds"], f"{ours_took['peak_mb']:.0f}"))
        plain = measure("one-by-one", environment)
        scaled = plain["seconds"] * PRODUCTS / SEQUENTIAL_PRODUCTS
        label = f"one session, one by one ({SEQUENTIAL_PRODUCTS} measured, scaled)"
        rows.append((label, scaled, f"{plain['peak_mb']:.0f}"))
    finally:
        service.terminate()
    print(f"{PRODUCTS:,} products with {OFFERS_EACH} offers each, {database_url.partition(':')[0]}")
    print(f"{'':50}{'seconds':>9}{'x floor':>9}{'peak MB':>9}")
    for label, seconds, peak in rows:
        print(f"{label:50}{seconds:9.1f}{seconds / rows[0][1]:9.2f}{peak:>9}")


def main() -> None:
    """Compare, or run the one step that a comparison started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    if name := parser.parse_args().step:
        step(name)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/bench.sqlite3")


if __name__ == "__main__":
    main()
