"""`python -m benchmarks.lists`: what a list costs over HTTP, as production serves it: granian on PostgreSQL (or --sqlite).

Makes a million customers, purchases, products, records and entries. Exports the purchases of half a year as CSV and JSON
lines, beside the database's own COPY of the same rows (PostgreSQL): time to the first byte, rows a second, highest memory of
the server. Then asks for a page with each filter, so that it finds nothing: that is the most that it reads.
"""

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django
import psutil
from django.db import connection
from rich.console import Console
from rich.table import Table

from benchmarks.metadata import ROOT, make_durable, production_server

ROWS = 1_000_000
FILTERED = "/api/purchases?purchased_after=2024-01-01"
NOTHING = [
    "/api/customers?email=nobody@nowhere",
    "/api/customers?q=nobody",
    "/api/purchases?product_id=none",
    "/api/purchases?purchased_after=2030-01-01",
    "/api/products?q=nothing",
    "/api/products?sku=4006381333931",
    "/api/products?category=nothing",
    "/api/metadata?name_prefix=nothing&limit=1",
    "/api/metadata?q=nothing&limit=1",
    "/api/metadata/latest?name=nothing",
    "/api/metadata/names?limit=1000",
    "/api/data?created_after=2100-01-01T00:00:00Z&limit=1",
    "/api/data?published=false&limit=1",
]
NUMBERS = {
    "postgresql": f"generate_series(1, {ROWS}) AS numbers(n)",
    "sqlite": f"(WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {ROWS}) SELECT n FROM up)",
}
UUID = {
    "postgresql": "gen_random_uuid()",
    "sqlite": "lower(hex(randomblob(16)))",
}
TIME = {
    "postgresql": "'2024-01-01'::timestamptz + n * interval '1 second'",
    "sqlite": "datetime('2024-01-01', n || ' seconds')",
}
DAY = {"postgresql": "date '2023-07-01' + n % 365", "sqlite": "date('2023-07-01', (n % 365) || ' days')"}
KEY = {"postgresql": "lpad(n::text, 7, '0')", "sqlite": "printf('%07d', n)"}
FILL = """
INSERT INTO inflight_customer (customer_id, title, last_name, first_name, postal_code, city, email, needs_sending)
    SELECT {key}, '', 'Name' || n, '', '', '', 'a' || n || '@x.org', true FROM {numbers};
INSERT INTO inflight_purchase
    (purchase_identifier, customer_id, product_id, quantity, price, currency, purchased_on)
    SELECT {key}, {key}, '4324', 1, 91.2, 'EUR', {day} FROM {numbers};
INSERT INTO metadata_registry_metadata (id, registered_on, name, payload)
    SELECT {uuid}, {time}, 'source-' || n, 'x' FROM {numbers};
INSERT INTO data_entries (content, created_at, claimed_until, published_at, refusal)
    SELECT '"a"', {time}, {time}, {time}, '' FROM {numbers};
INSERT INTO catalog_product
    (id, name, description, registration, registration_error, registration_attempts, next_registration_at,
    created_at, updated_at)
    SELECT {uuid}, 'Product ' || n, '', 'registered', '', 0, {time}, {time}, {time} FROM {numbers}"""


def fill() -> None:
    """Make a million rows in each of the tables, in the order of their keys."""
    words = {"key": KEY, "numbers": NUMBERS, "uuid": UUID, "time": TIME, "day": DAY}
    with connection.cursor() as cursor:
        for statement in FILL.format(**{name: word[connection.vendor] for name, word in words.items()}).split(";"):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def export(port: int, server: psutil.Process, accept: str) -> list[str]:
    """Return the cells of an export: seconds to the first byte and to the last, rows a second, memory before and at most."""
    before = most = _megabytes(server)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    started = time.perf_counter()
    client.request("GET", FILTERED, headers={"Accept": accept})
    response = client.getresponse()
    rows = response.read(1).count(b"\n")
    first = time.perf_counter() - started
    while piece := response.read(1 << 18):
        rows += piece.count(b"\n")
        most = max(most, _megabytes(server))
    seconds = time.perf_counter() - started
    return [accept, f"{first * 1000:.0f}", f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{before:.0f}", f"{most:.0f}"]


def copy() -> list[str]:
    """Return the same cells for PostgreSQL's own COPY of the same rows."""
    rows, started = 0, time.perf_counter()
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY (SELECT * FROM inflight_purchase WHERE purchased_on >= '2024-01-01' ORDER BY purchase_identifier)"
            " TO STDOUT (FORMAT csv)"
        ) as out,
    ):
        for block in out:
            rows += bytes(block).count(b"\n")
    seconds = time.perf_counter() - started
    return ["COPY … TO STDOUT", "", f"{seconds:.1f}", f"{rows / seconds:,.0f}", "", ""]


def page(port: int, path: str) -> list[str]:
    """Return the cells of a page that finds nothing: the fastest of three."""
    times = []
    for _ in range(3):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        started = time.perf_counter()
        client.request("GET", path)
        client.getresponse().read()
        times.append(time.perf_counter() - started)
    return [path, f"{min(times) * 1000:,.0f}"]


def _megabytes(server: psutil.Process) -> float:
    return sum(int(process.memory_info().rss) for process in [server, *server.children(recursive=True)]) / 1e6


def measure(port: int) -> None:
    """Measure and print everything."""
    exports = Table(
        "what", "first byte ms", "seconds", "rows/s", "server MB before", "highest",
        title=f"{ROWS:,} purchases, those of half a year, {connection.vendor}",
    )  # fmt: skip
    pages = Table("page that finds nothing", "ms", title=f"{ROWS:,} rows in each table, {connection.vendor}")
    fill()
    with production_server(port) as server:
        for accept in ("text/csv", "application/x-ndjson", "text/csv"):
            exports.add_row(*export(port, server, accept))
        if connection.vendor == "postgresql":
            exports.add_row(*copy())
        for path in NOTHING:
            pages.add_row(*page(port, path))
    Console(width=140).print(exports, pages)


def main() -> int:
    """Set a database up unless DATABASE_URL names one, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3109)
    parser.add_argument("--sqlite", action="store_true", help="measure on SQLite")
    arguments = parser.parse_args()
    url = os.environ.get("DATABASE_URL", "")
    if arguments.sqlite and not url.startswith("sqlite"):
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"DATABASE_URL": f"sqlite:///{Path(folder) / 'lists.sqlite3'}"}
            return subprocess.call([sys.executable, "-m", "benchmarks.lists", *sys.argv[1:]], env=environment)
    if not arguments.sqlite and not url.startswith("postgres"):
        command = [sys.executable, "-m", "tests.with_postgresql", sys.executable, "-m", "benchmarks.lists"]
        return subprocess.call([*command, *sys.argv[1:]])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    subprocess.check_call([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT)
    if not arguments.sqlite:
        make_durable()
    measure(arguments.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
