"""Behind PgBouncer by session all works; by transaction or by statement nothing starts, and says what to change."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from config.core.postgresql.sessions import are_kept
from tests.fakes.faulty import wait_until
from tests.processes import ROOT, System
from tests.real.postgresql.load import apron
from tests.real.postgresql.servers import Server, new_folder, pgbouncer, running_server

COMMANDS = ["migrate", "run_worker", "relay_data"]
LOCK = """
import django
django.setup()
from config.core.locks import exclusive
with exclusive("a lock"):
    print("taken")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as running:
        running.execute("CREATE DATABASE apron")
        yield running


def url_of(address: str) -> str:
    return f"postgres://postgres:@{address}/apron"


@pytest.mark.timeout(180)
def test_all_of_apron_works_behind_a_pooler_by_session(server: Server) -> None:
    with (
        pgbouncer(server, mode="session") as address,
        new_folder("pooled") as folder,
        apron(url_of(address), folder) as system,
    ):
        system.start_all()
        imported = system.post("import-csv", system.write_files("now", 50)).json()
        queued = system.post("import-csv", system.write_files("later", 50), later=True).json()
        entry = system.post("data", {"content": "for the relay"}, later=True).json()
        job = system.post("compute/group_by", {"file_path": "sales.csv", "by": ["shop"]}).json()
        assert (imported["status"], job["rows"]) == ("completed", 2)
        wait_until(lambda: system.read(f"imports/{queued['id']}")["status"] == "completed", what="the worker's import")
        sent = system.post("send-customers", {"only": "changed"}).json()
        wait_until(lambda: system.read(f"deliveries/{sent['id']}")["status"] == "delivered", what="the delivery")
        published = f"SELECT 1 FROM data_entries WHERE id = {entry['id']} AND published_at IS NOT NULL"
        wait_until(lambda: server.execute(published, "apron"), what="the relay")
        assert len(system.partner.customers) == 100
        assert system.read("health")["status"] == "ok"


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_nothing_starts_behind_a_pooler_by_transaction(server: Server, mode: str) -> None:
    with pgbouncer(server, mode=mode) as address:
        environment = System(url_of(address)).environment
        starts = [["manage.py", command] for command in COMMANDS] + [["-m", "config.server", "--port", "0"]]
        for start in starts:
            ended = subprocess.run(
                [sys.executable, *start],
                cwd=ROOT,
                env=environment,
                check=False,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert ended.returncode == 1, start
            assert "apron.E210" in ended.stderr, start
            assert "pool_mode=session" in ended.stderr, start


@pytest.mark.parametrize("busy", [0, 1, 2, 3, 5])
def test_a_pooler_by_transaction_is_seen_whichever_connection_it_takes(server: Server, busy: int) -> None:
    with pgbouncer(server, mode="transaction", takes_turns=True) as address, ExitStack() as stack:
        others = [stack.enter_context(psycopg.connect(url_of(address))) for _ in range(busy)]
        for other in others:
            other.execute("SELECT 1")
        for other in others:
            other.commit()  # so that the pooler has so many connections that nobody uses
        host, port = address.split(":")
        assert are_kept({"host": host, "port": port, "user": "postgres", "dbname": "apron"}) is False


def test_a_process_that_started_before_the_pooler_takes_no_lock_that_would_not_hold(server: Server) -> None:
    with pgbouncer(server, mode="transaction") as address:
        environment = System(url_of(address)).environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        ended = subprocess.run(
            [sys.executable, "-c", LOCK],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.stdout == ""
    assert "SessionsLost: DATABASE_URL leads to a pooler that pools by transaction" in ended.stderr
