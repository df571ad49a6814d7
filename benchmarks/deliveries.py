"""`python -m benchmarks.deliveries`: 100,000 customers with five purchases each go to a partner that answers in 50 or 200 ms.

Beside each run its limit: nothing but waiting for the answers, one after the other or PARTNER_WINDOW at a time. On SQLite and
on PostgreSQL; each run in a process of its own on a database that the same import has filled. The partner runs in a process
of its own, reads each request whole and answers after the time, however many come at once.
"""
# ruff: noqa: PLC0415 - only a run has Django set up; the comparison has none

import argparse
import asyncio
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.import_csv import generate
from tests.with_postgresql import postgresql

PURCHASES_EACH, BATCH = 5, 500
WINDOWS, ANSWERS = (1, 8), (0.05, 0.2)
LINE = "{:24}{:>8}{:>10}{:>10}{:>12}{:>10}"


def serve(seconds: float, pipe: Connection) -> None:
    """Read requests whole and acknowledge each after so many seconds."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                await asyncio.sleep(seconds)
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def fill(folder: Path) -> None:
    """Make the database and import the files."""
    from django.core.management import call_command

    from inflight.services.imports import import_files

    call_command("migrate", verbosity=0)
    import_files(customers_path=str(folder / "customers.csv"), purchases_path=str(folder / "purchases.csv"), roots=None)


def send() -> None:
    """Deliver all there are, as new; print how many, the seconds and the peak memory in MB."""
    from inflight.models import Customer, Delivery
    from inflight.services.deliveries import deliver, start_delivery

    Delivery.objects.all().delete()
    Customer.objects.update(needs_sending=True)
    delivery, _ = start_delivery()
    started = time.perf_counter()
    delivery = deliver(delivery, seconds=600)
    seconds = time.perf_counter() - started
    sent = sum(delivery.batches.filter(status="acknowledged").values_list("customers", flat=True))
    assert (delivery.status, sent) == ("delivered", Customer.objects.count())
    print(sent, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


STEPS: dict[str, Callable[[Path], None]] = {"fill": fill, "send": lambda _: send()}


def step(name: str, folder: Path) -> None:
    """Do a step in this process."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    STEPS[name](folder)


def run(name: str, folder: Path, **environment: str) -> str:
    """Do a step in a process of its own; return what it printed."""
    command = [sys.executable, "-m", "benchmarks.deliveries", "--step", name, "--folder", str(folder)]
    return subprocess.run(command, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def compare(engine: str, database: str, folder: Path) -> None:
    """Fill a database, deliver from it in each way and print the table."""
    run("fill", folder, DATABASE_URL=database)
    print("\n" + LINE.format(engine, "window", "seconds", "limit", "x limit", "peak MB"), flush=True)
    for answer in ANSWERS:
        ours, theirs = multiprocessing.Pipe()
        partner = multiprocessing.Process(target=serve, args=(answer, theirs), daemon=True)
        partner.start()
        url = f"http://127.0.0.1:{ours.recv()}/v1/customers"
        for window in WINDOWS:
            settings = {"PARTNER_WINDOW": str(window), "DELIVERY_BATCH_SIZE": str(BATCH), "CUSTOMERS_API_URL": url}
            customers, seconds, peak = map(float, run("send", folder, DATABASE_URL=database, **settings).split())
            limit = customers / BATCH * answer / window
            figures = [f"{seconds:.1f}", f"{limit:.1f}", f"{seconds / limit:.2f}", f"{peak:.0f}"]
            print(LINE.format(f"answers in {answer * 1000:.0f} ms", window, *figures), flush=True)
        partner.terminate()
        partner.join()


def main() -> None:
    """Generate the files, then deliver from both databases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step(options.step, options.folder)
        return
    with tempfile.TemporaryDirectory(prefix="apron-bench-") as name:
        folder = Path(name)
        generate(folder, options.customers * PURCHASES_EACH, purchases_each=PURCHASES_EACH)
        compare("sqlite", f"sqlite:///{folder / 'bench.sqlite3'}", folder)
        with postgresql(durable=True) as server:
            compare("postgresql", server.make_database("bench"), folder)


if __name__ == "__main__":
    main()
