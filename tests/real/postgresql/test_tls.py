"""sslmode=verify-full: the server that DATABASE_URL names is used, and any other one refused in words."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.processes import ROOT, System
from tests.real.postgresql.load import apron
from tests.real.postgresql.servers import USER, WITH_TLS, Server, Settings, new_folder, running_server

WRONG = {
    "another authority": ("localhost", "other.pem", "not of a trusted authority: sslrootcert in DATABASE_URL"),
    "another host name": ("127.0.0.1", "ca.pem", "is for another host name than that of DATABASE_URL"),
    "no such file": ("localhost", "nowhere.pem", "sslrootcert in DATABASE_URL names the file of it"),
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with new_folder("tls") as folder:
        yield folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A server with a certificate for localhost of an authority of its own, which takes no connection without TLS."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    certificate = authority.issue_cert("localhost")

    def prepare(server: Server) -> Settings:
        files = {"server.key": certificate.private_key_pem, "server.crt": certificate.cert_chain_pems[0]}
        for name, blob in files.items():
            blob.write_to_path(server.data / name)
            (server.data / name).chmod(0o600)
            if USER:
                shutil.chown(server.data / name, USER)
        (server.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
        return {"ssl": "on"}

    with running_server(prepare, version=WITH_TLS) as running:
        yield running


def url_of(server: Server, host: str, authority: Path) -> str:
    return f"postgres://postgres:@{host}:{server.port}/postgres?sslmode=verify-full&sslrootcert={authority}"


@pytest.mark.timeout(120)
def test_apron_works_with_the_server_that_it_was_told_of(server: Server, folder: Path) -> None:
    (folder / "apron").mkdir()
    with apron(url_of(server, "localhost", folder / "ca.pem"), folder / "apron") as system:
        system.start_all()
        assert system.post("data", {"content": "secret"}).status_code == 201
        assert system.post("compute/group_by", {"file_path": "sales.csv", "by": ["shop"]}).status_code == 200
        query = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE backend_type = 'client backend'"
        assert server.execute(query) == [(True,)]


@pytest.mark.parametrize("wrong", WRONG)
def test_nothing_starts_with_another_server(server: Server, folder: Path, wrong: str) -> None:
    host, authority, words = WRONG[wrong]
    environment = System(url_of(server, host, folder / authority)).environment
    for start in (["manage.py", "migrate"], ["manage.py", "run_worker"], ["-m", "config.server", "--port", "0"]):
        ended = subprocess.run(
            [sys.executable, *start], cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 1, start
        assert "apron.E211" in ended.stderr, start
        assert words in ended.stderr, start
