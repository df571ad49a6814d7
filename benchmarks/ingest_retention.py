"""`python -m benchmarks.ingest_retention`: drop the older half of 10,000,000 published entries while others write.

On a PostgreSQL of its own, with fsync. A process beside it inserts an entry and marks it published, again and again, as
POST /data does; its times without and with the dropping are printed, and how many entries a second are dropped.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import django

ROOT = Path(__file__).parents[1]
CONTENT = "Seat 14C bought two coffees and a model aeroplane, paid by card."
FILL = """
INSERT INTO data_entries (content, created_at, claimed_until, published_at, refusal)
SELECT to_jsonb(%s::text), at, at, at, ''
FROM generate_series(1, %s) AS n, LATERAL (SELECT now() - interval '60 days' * (1 - n / %s::float)) AS given(at)"""


def write(seconds: float) -> None:
    """Insert and mark entries for so long; print the median, p99 and largest time of one."""
    from datetime import timedelta  # noqa: PLC0415 - Django is set up first

    from django.utils import timezone  # noqa: PLC0415

    from ingest.storage.entries import Entry, insert_entries, mark_published  # noqa: PLC0415

    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        started = time.perf_counter()
        records = insert_entries([Entry(CONTENT)], lease=timedelta(0))
        mark_published([record.entry_id for record in records], published_at=timezone.now())
        took.append((time.perf_counter() - started) * 1000)
        time.sleep(0.005)
    took.sort()
    p50, p99 = (took[int(len(took) * share)] for share in (0.5, 0.99))
    print(f"  {len(took)} entries written: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {took[-1]:.0f} ms")


def measure(rows: int, seconds: float) -> None:
    """Fill the table, then drop, with the writer beside it."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from ingest.storage.retention import drop_old_entries  # noqa: PLC0415

    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(FILL, [CONTENT, rows, rows])
        cursor.execute("VACUUM ANALYZE data_entries")
    print(f"{rows:,} entries in {time.monotonic() - started:.0f} s")
    writer = [sys.executable, "-m", "benchmarks.ingest_retention", "--write", str(seconds)]
    print("without dropping:", flush=True)
    subprocess.run(writer, check=True, cwd=ROOT)
    settings.INGEST_RETENTION_DAYS = 30
    print("while entries are dropped:", flush=True)
    with subprocess.Popen(writer, cwd=ROOT) as beside:
        dropped, started = 0, time.monotonic()
        while beside.poll() is None and (now := drop_old_entries(seconds=20)):
            dropped += now
        took = time.monotonic() - started
        print(f"{dropped:,} dropped in {took:.0f} s, {dropped / took:,.0f} a second", flush=True)


def main() -> int:
    """Set a PostgreSQL up unless DATABASE_URL names one, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="that the writer writes")
    parser.add_argument("--write", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        command = [sys.executable, "-m", "tests.with_postgresql", sys.executable, "-m", "benchmarks.ingest_retention"]
        return subprocess.call([*command, *sys.argv[1:]])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if arguments.write:
        write(arguments.write)
        return 0
    from benchmarks.metadata import make_durable  # noqa: PLC0415

    make_durable()
    subprocess.check_call([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT)
    measure(arguments.rows, arguments.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
