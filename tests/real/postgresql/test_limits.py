"""The server takes no more connections: requests and health say so, and all goes on by itself when it does."""

from contextlib import ExitStack

import psycopg
import pytest
import requests

from tests.fakes.faulty import wait_until
from tests.real.postgresql.load import Apron, apron
from tests.real.postgresql.servers import Server, new_folder, running_server

LIMIT = 40
OURS = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'apron'"


def fill(server: Server, stack: ExitStack) -> int:
    """Take connections until there is none; return how many were left."""
    for taken in range(LIMIT):
        try:
            connection = psycopg.connect(f"host={server.host} port={server.port} user=someone dbname=apron")
        except psycopg.OperationalError as error:
            assert "clients" in str(error) or "slots" in str(error)  # noqa: PT017 - any other failure is one
            return taken
        stack.callback(connection.close)
    raise AssertionError("there was room for all of them")


def is_well(system: Apron) -> bool:
    return requests.get(f"{system.url}/health", timeout=40).ok


@pytest.mark.timeout(240)
def test_a_server_that_is_full_is_told_and_forgotten() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(running_server(lambda _: {"max_connections": str(LIMIT)}))
        for statement in ("CREATE DATABASE apron", "CREATE ROLE someone LOGIN", "CREATE ROLE apron LOGIN"):
            server.execute(statement)
        server.execute("ALTER DATABASE apron OWNER TO apron")
        url = server.url("apron").replace("postgres:@", "apron:@")
        system = stack.enter_context(apron(url, stack.enter_context(new_folder("full"))))
        system.start_all()
        wait_until(lambda: is_well(system), seconds=60, what="the worker")

        with ExitStack() as others:
            # What Apron has it keeps; so it loses what it has first, as after a restart, while others take their place.
            assert fill(server, others) > 0
            while server.execute(f"SELECT 1 FROM ({OURS} AND usename = 'apron') AS ours(number) WHERE number > 0"):
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'apron'")
                fill(server, others)

            answer = system.post("data", {"content": "refused"})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert answer.json()["detail"].startswith("The database cannot be used at the moment.")
            ready = requests.get(f"{system.url}/readyz", timeout=40)
            assert ready.status_code == 503
            assert ready.json()["checks"]["database"]["detail"].startswith("Its server takes no more connections")

        wait_until(lambda: system.post("data", {"content": "taken"}).status_code == 201, seconds=30, what="data")
        job = {"file_path": "sales.csv", "by": ["shop"]}
        wait_until(lambda: system.post("compute/group_by", job).status_code == 200, seconds=30, what="a job")
        imported = system.post("import-csv", system.write_files("after", 5), later=True).json()
        wait_until(
            lambda: system.read(f"imports/{imported['id']}")["status"] == "completed", seconds=60, what="an import"
        )
        wait_until(lambda: is_well(system), seconds=30, what="health")
        assert [process.poll() for process in system.running] == [None] * 3
        assert "refused" not in {row[0] for row in server.execute("SELECT content #>> '{}' FROM data_entries", "apron")}
