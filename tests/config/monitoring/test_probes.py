"""GET /livez: the process answers. GET /readyz: its database does, too, and has the tables."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from rest_framework.test import APIClient

import config
from tests.config.processes import run_python, start
from tests.databases import empty_database
from tests.fakes.faulty import free_port, wait_until

ASK = """
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

def ask(path):
    answer = Client(headers={"host": "localhost"}).get(path)
    print(answer.status_code, answer.content.decode())
"""


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/readyz", "/readyz"])
def test_a_migrated_database_is_ready(api: APIClient, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert {name: check["status"] for name, check in answer.json()["checks"].items()} == {
        "database": "ok",
        "migrations": "ok",
    }


@pytest.mark.parametrize("path", ["/api/livez", "/livez"])
def test_a_process_that_answers_lives(api: APIClient, path: str) -> None:
    """Without the mark that lets a test use the database: it is not asked."""
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["livez", "readyz", "health"])
def test_probes_need_neither_token_nor_https(api: APIClient, settings: object, name: str) -> None:
    code = f'{ASK}\nask("/api/{name}"); ask("/{name}")'
    said = run_python(code, HTTPS_ONLY="true", REQUIRE_TOKEN="true").stdout
    assert [line[:3] in {"200", "503"} for line in said.splitlines()] == [True, True]


@pytest.mark.django_db
def test_a_database_without_its_tables_is_not_ready_until_it_is_migrated_and_then_not_asked_again(
    tmp_path: Path,
) -> None:
    code = f"""{ASK}
ask("/api/livez")
ask("/api/readyz")
call_command("migrate", verbosity=0, skip_checks=True)
ask("/api/readyz")
with CaptureQueriesContext(connection, ) as captured:
    ask("/api/readyz")
print([query["sql"] for query in captured])
"""
    with empty_database(tmp_path) as url:
        said = run_python(code, DATABASE_URL=url)
    alive, before, after, again, queries = said.stdout.splitlines()
    assert alive.startswith("200")
    assert before.startswith("503")
    assert "Run manage.py migrate; not applied: " in before
    assert " more." in before
    assert "0001_initial" in before
    assert after.startswith("200")
    assert again.startswith("200")
    assert queries == "['SELECT 1']"


@pytest.mark.django_db
def test_one_missing_migration_is_named(tmp_path: Path) -> None:
    newest = max(place.stem for place in Path(config.__file__).parent.glob("migrations/0*.py"))
    code = f"""{ASK}
connection.cursor().execute("DELETE FROM django_migrations WHERE app = 'config' AND name = '{newest}'")
ask("/api/readyz")
"""
    with empty_database(tmp_path) as url:
        run_python(
            "from django.core.management import call_command; call_command('migrate', verbosity=0)", DATABASE_URL=url
        )
        said = run_python(code, DATABASE_URL=url).stdout
    assert said.startswith("503")
    assert f"not applied: config.{newest}." in said


@pytest.mark.django_db
def test_a_database_that_is_gone_is_not_ready_and_the_process_lives() -> None:
    with free_port() as port:
        pass
    said = run_python(
        f'{ASK}\nask("/livez"); ask("/readyz")', DATABASE_URL=f"postgres://nobody@127.0.0.1:{port}/no"
    ).stdout
    alive, ready = said.splitlines()
    assert alive == '200 {"status":"ok"}'
    assert ready.startswith("503")
    assert '"database":{"status":"down"' in ready


def test_a_process_lives_while_its_health_waits_for_a_database_that_is_silent() -> None:
    with free_port() as port:
        url = f"http://127.0.0.1:{port}/api"
    with socket.create_server(("127.0.0.1", 0)) as database, ThreadPoolExecutor() as pool:
        database.settimeout(20)
        nowhere = f"postgres://nobody@127.0.0.1:{database.getsockname()[1]}/no"
        server = start("-m", "config.server", "--port", str(port), "--no-log", DATABASE_URL=nowhere)
        try:
            wait_until(lambda: is_alive(url), what="the server")
            health = pool.submit(requests.get, f"{url}/health", timeout=60)
            with database.accept()[0]:
                assert [is_alive(url) for _ in range(5)] == [True] * 5
                assert not health.done()
                assert health.result().json()["checks"]["database"]["status"] == "down"
        finally:
            server.terminate()
            server.communicate(timeout=30)


def is_alive(url: str) -> bool:
    try:
        return requests.get(f"{url}/livez", timeout=20).ok
    except requests.ConnectionError:
        return False
