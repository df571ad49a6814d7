"""Import of 200,000 customers and 2,000,000 purchases, beside the raw limit of each database and the usual ways.

`python -m benchmarks.import_csv [--purchases N]` prints rows/s, peak memory and the ratio to the raw limit, on SQLite and on
PostgreSQL, each contender in a process of its own on a fresh database with keys, foreign key and index in place.

The raw limit validates nothing, so it gets the file without its 0.5 % bad rows: on SQLite `.import` into a bare table and one
upsert, on PostgreSQL `\\copy` into the real table. The slow contenders load a part of the file; rows/s is what compares.
"""

import argparse
import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from tests.with_postgresql import postgresql, psql

CUSTOMER_COLUMNS = "customer_id,title,last_name,first_name,postal_code,city,email"
PURCHASE_COLUMNS = "purchase_identifier,customer_id,product_id,quantity,price,currency,purchased_on"
PART = {"bulk_create": 1_000_000, "pandas.to_sql": 200_000, "django-import-export": 10_000}


def generate(folder: Path, purchases: int, *, purchases_each: int = 10) -> None:
    """Write customers.csv, purchases.csv with 0.5 % bad rows and quoted line breaks, and good.csv without the bad ones."""
    chance = random.Random(1)
    customers = purchases // purchases_each
    with (folder / "customers.csv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["customer_id", "title", "lastname", "firstname", "postal_code", "city", "email"])
        for number in range(customers):
            writer.writerow(
                [number, number % 2 + 1, f"Nom{number}", "Jean", f"{number % 95:05d}", "Nice", f"{number}@e.fr"]
            )
    with (
        (folder / "purchases.csv").open("w", newline="") as all_file,
        (folder / "good.csv").open("w", newline="") as good,
    ):
        writers = csv.writer(all_file, delimiter=";"), csv.writer(good, delimiter=";")
        for writer in writers:
            writer.writerow(
                ["purchase_identifier", "customer_id", "product_id", "quantity", "price", "currency", "date"]
            )
        for number in range(purchases):
            day = date(2024, 1, 1) + timedelta(days=chance.randrange(365))
            product = f"P\n{number % 997}" if number % 100 == 0 else f"{number % 997:04d}"
            customer = chance.randrange(customers)
            row = [
                f"{number // 40}/{number % 40:02d}",
                customer,
                product,
                number % 5 + 1,
                number % 9999 / 100,
                "EUR",
                day,
            ]
            if number % 200 == 199:
                row[3 + number % 3] = "bad"
                writers[0].writerow(row)
            else:
                for writer in writers:
                    writer.writerow(row)


def apron(folder: Path) -> int:
    """Apron's own import, of the file with the bad rows."""
    from inflight.services.imports import import_files  # noqa: PLC0415 - Django is set up by then

    run = import_files(
        customers_path=str(folder / "customers.csv"), purchases_path=str(folder / "purchases.csv"), roots=None
    )
    print(f"    {run.status}: {run.purchases}", file=sys.stderr)
    assert run.customers
    assert run.purchases
    return int(run.customers["read"] + run.purchases["read"])


def apron_again(folder: Path) -> int:
    """The same files a second time, everything unchanged: timed after an untimed first import."""
    return apron(folder)


def raw_sqlite(folder: Path) -> int:
    """sqlite3's `.import` into bare tables, then one upsert each."""
    from django.db import connection  # noqa: PLC0415

    script = ["PRAGMA foreign_keys = ON;", "PRAGMA cache_size = -65536;", ".mode csv", ".separator ;"]
    tables = (("customers", "inflight_customer", CUSTOMER_COLUMNS), ("good", "inflight_purchase", PURCHASE_COLUMNS))
    for file, table, columns in tables:
        script += [f"CREATE TEMP TABLE raw_{file} ({columns});", f".import --skip 1 {folder / file}.csv raw_{file}"]
        key, *others = columns.split(",")
        updates = ", ".join(f"{column} = excluded.{column}" for column in others)
        script.append(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM raw_{file} WHERE true "
            f"ON CONFLICT ({key}) DO UPDATE SET {updates};"
        )
    name = str(connection.settings_dict["NAME"])
    subprocess.run(["sqlite3", "-bail", name], input="\n".join(script), text=True, check=True)
    return _stored()


def raw_postgresql(folder: Path) -> int:
    """psql's `\\copy` into the real tables."""
    tables = (("customers", "inflight_customer", CUSTOMER_COLUMNS), ("good", "inflight_purchase", PURCHASE_COLUMNS))
    for file, table, columns in tables:
        options = "FORMAT csv, HEADER, DELIMITER ';'"
        copy = f"\\copy {table} ({columns}) FROM '{folder / file}.csv' WITH ({options})"
        subprocess.run([psql(), "-q", "-v", "ON_ERROR_STOP=1", os.environ["DATABASE_URL"], "-c", copy], check=True)
    return _stored()


def _stored() -> int:
    from inflight.models import Customer, Purchase  # noqa: PLC0415

    return Customer.objects.count() + Purchase.objects.count()


def _rows(folder: Path, file: str, part: int) -> Iterator[list[str]]:
    with (folder / file).open(newline="") as opened:
        reader = csv.reader(opened, delimiter=";")
        next(reader)
        yield from islice(reader, part)


def _load_customers(folder: Path) -> None:
    from inflight.models import Customer  # noqa: PLC0415

    names = CUSTOMER_COLUMNS.split(",")
    rows = (Customer(**dict(zip(names, row, strict=True))) for row in _rows(folder, "customers.csv", 10**9))
    Customer.objects.bulk_create(rows, batch_size=10_000)


def bulk_create(folder: Path) -> int:
    """Django's bulk_create with update_conflicts, 10,000 rows at a time."""
    from inflight.models import Purchase  # noqa: PLC0415

    names = PURCHASE_COLUMNS.split(",")
    rows = _rows(folder, "good.csv", PART["bulk_create"])
    count = 0
    while chunk := [Purchase(**dict(zip(names, row, strict=True))) for row in islice(rows, 10_000)]:
        Purchase.objects.bulk_create(
            chunk, update_conflicts=True, unique_fields=["purchase_identifier"], update_fields=names[1:]
        )
        count += len(chunk)
    return count


def pandas_to_sql(folder: Path) -> int:
    """pandas.read_csv in chunks, then to_sql into the real table (SQLite only: PostgreSQL would need SQLAlchemy)."""
    import pandas  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    connection.ensure_connection()
    count = 0
    part = PART["pandas.to_sql"]
    chunks = pandas.read_csv(folder / "good.csv", sep=";", dtype=str, nrows=part, chunksize=100_000)
    for chunk in chunks:
        chunk.columns = pandas.Index(PURCHASE_COLUMNS.split(","))
        chunk.to_sql("inflight_purchase", connection.connection, if_exists="append", index=False)
        count += len(chunk)
    return count


def import_export(folder: Path) -> int:
    """django-import-export's ModelResource, with bulk writes on."""
    import tablib  # noqa: PLC0415
    from import_export.resources import ModelResource, modelresource_factory  # noqa: PLC0415

    from inflight.models import Purchase  # noqa: PLC0415

    resource_class: type[ModelResource] = modelresource_factory(
        Purchase, meta_options={"import_id_fields": ["purchase_identifier"], "use_bulk": True}
    )
    names = PURCHASE_COLUMNS.replace("customer_id", "customer").split(",")
    rows = list(_rows(folder, "good.csv", PART["django-import-export"]))
    result = resource_class().import_data(tablib.Dataset(*rows, headers=names), raise_errors=True)
    return int(result.totals["new"])


CONTENDERS: dict[str, tuple[Callable[[Path], int], tuple[str, ...]]] = {
    "raw limit": (raw_sqlite, ("sqlite",)),
    "raw limit ": (raw_postgresql, ("postgresql",)),
    "Apron": (apron, ("sqlite", "postgresql")),
    "Apron, all unchanged": (apron_again, ("sqlite", "postgresql")),
    "bulk_create": (bulk_create, ("sqlite", "postgresql")),
    "pandas.to_sql": (pandas_to_sql, ("sqlite",)),
    "django-import-export": (import_export, ("sqlite", "postgresql")),
}
NEEDS_CUSTOMERS = {"bulk_create", "pandas.to_sql", "django-import-export"}


def run_one(name: str, folder: Path) -> None:
    """Run one contender on a fresh database and print `rows seconds megabytes`."""
    import django  # noqa: PLC0415

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if name in NEEDS_CUSTOMERS:
        _load_customers(folder)
    if name == "Apron, all unchanged":
        apron(folder)
    started = time.perf_counter()
    rows = CONTENDERS[name][0](folder)
    seconds = time.perf_counter() - started
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(rows, seconds, peak / 1024)


def compare(engine: str, url: Callable[[str], str], folder: Path) -> None:
    """Run every contender of an engine and print the table."""
    print(f"\n{engine}\n{'':24}{'rows':>12}{'seconds':>10}{'rows/s':>12}{'x raw limit':>13}{'peak MB':>9}", flush=True)
    limit = 0.0
    for number, (name, (_, engines)) in enumerate(CONTENDERS.items()):
        if engine not in engines:
            continue
        output = subprocess.run(
            [sys.executable, "-m", "benchmarks.import_csv", "--one", name, "--folder", str(folder)],
            env=os.environ | {"DATABASE_URL": url(f"bench_{number}")},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        rows, seconds, peak = map(float, output.split())
        limit = limit or rows / seconds
        print(
            f"{name:24}{rows:12,.0f}{seconds:10.1f}{rows / seconds:12,.0f}{rows / seconds / limit:13.2f}{peak:9.0f}",
            flush=True,
        )


def main() -> None:
    """Generate the files, then compare on both databases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--purchases", type=int, default=2_000_000)
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_one(options.one, options.folder)
        return
    with tempfile.TemporaryDirectory(prefix="apron-bench-") as name:
        folder = Path(name)
        generate(folder, options.purchases)
        compare("sqlite", lambda database: f"sqlite:///{folder / database}.sqlite3", folder)
        with postgresql(durable=True) as server:
            compare("postgresql", server.make_database, folder)


if __name__ == "__main__":
    main()
