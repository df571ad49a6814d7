"""`python -m benchmarks.import_products [--rows N]`: products by CSV, new and then unchanged, on SQLite and on PostgreSQL.

Each import is `manage.py import_products` in a process of its own, whose start counts.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent


def generate(path: Path, rows: int) -> None:
    """Write a file of products, each with a sku of its own."""
    from catalog.models.sku import check_digit  # noqa: PLC0415 - Django is set up by then

    with path.open("w") as file:
        file.write("sku;name;category;description\n")
        for number in range(rows):
            digits = f"{200_000_000_000 + number}"
            file.write(f"{digits}{check_digit(digits)};Product {number};Category {number % 50};The product {number}\n")


def measure(path: Path) -> None:
    """Import the file twice into the empty database of DATABASE_URL, and print the seconds."""
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], check=True, cwd=ROOT, stderr=subprocess.DEVNULL)
    for what in ("new", "unchanged"):
        started = time.perf_counter()
        subprocess.run(
            [*manage, "import_products", str(path)],
            check=True,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        print(
            f"{os.environ['DATABASE_URL'].partition(':')[0]}, {what}: {time.perf_counter() - started:.2f} s", flush=True
        )


def main() -> int:
    """Measure on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--file", type=Path, help="measure this file, on the database of DATABASE_URL")
    arguments = parser.parse_args()
    if arguments.file:
        measure(arguments.file)
        return 0
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "products.csv"
        generate(file, arguments.rows)
        own = [sys.executable, "-m", "benchmarks.import_products", "--file", str(file)]
        environment = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/products.sqlite3"}
        subprocess.run(own, check=True, cwd=ROOT, env=environment)
        return subprocess.call([sys.executable, "-m", "tests.with_postgresql", *own], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
