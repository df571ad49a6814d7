"""How Azure's storage is told who asks: a key, a signature or the machine's identity; and that no secret is told on."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import trustme
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas
from rest_framework.test import APIClient

from compute.files.drivers.azure import AzureFileSystem
from inflight.imports.inbox import Inbox, InboxUnavailable
from tests.compute.files.stored import SALES, put
from tests.fakes.azurite import ACCOUNT, KEY, Azurite, connection_string
from tests.fakes.faulty import FaultyServer, Received
from tests.fakes.object_store import BUCKET

FORGED = KEY[:-6] + "AAAA=="


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    store = Azurite()
    yield store
    store.close()


@pytest.fixture
def store(azurite: Azurite, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Azurite]:
    settings.COMPUTE_ROOT, settings.VAR_DIR = f"{azurite.root}/compute", tmp_path / "var"
    AzureFileSystem.clear_instance_cache()
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(azurite.port))
    azurite.reset()
    yield azurite
    AzureFileSystem.clear_instance_cache()


@pytest.mark.django_db
def test_by_a_signature(store: Azurite, client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = _signature(timedelta(hours=1))
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING", connection_string(store.port, f"SharedAccessSignature={signature}")
    )
    assert put(client, "a.csv").status_code == 201
    assert client.patch("/api/compute/files/a.csv", {"to": "b.csv"}, format="json").status_code == 200
    assert [each["file_path"] for each in client.get("/api/compute/files").json()] == ["b.csv"]
    assert store.get("compute/b.csv") == SALES


@pytest.mark.parametrize("case", ["forged key", "expired signature", "no such container"])
@pytest.mark.django_db
def test_a_credential_that_is_refused_is_told_without_it(
    store: Azurite, client: APIClient, monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: Any, case: str
) -> None:
    signature = _signature(timedelta(hours=-1))
    credential = {"forged key": f"AccountKey={FORGED}", "expired signature": f"SharedAccessSignature={signature}"}
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING", connection_string(store.port, credential.get(case, f"AccountKey={KEY}"))
    )
    if case == "no such container":
        settings.COMPUTE_ROOT = "az://nowhere/compute"
    with caplog.at_level(logging.INFO):
        answer = put(client, "a.csv")
        refusal = _what_the_inbox_says(f"{settings.COMPUTE_ROOT.rpartition('/')[0]}/inbox")
    assert answer.status_code == 503
    told = caplog.text + answer.content.decode() + refusal
    assert "compute/a.csv" in caplog.text
    assert not any(secret in told for secret in (FORGED, KEY, signature, signature.partition("sig=")[2]))


class MetadataService(FaultyServer):
    """The address that App Service and Container Apps give a token of the machine's identity at (IDENTITY_ENDPOINT)."""

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("x-identity-header") != "of this machine":
            return 401, {}, b"{}"
        now = int(time.time())
        claims = {"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
                  "nbf": now - 60, "iat": now - 60, "exp": now + 3600}  # fmt: skip
        token = {
            "access_token": jwt.encode(claims, "not looked at, only that it is one", algorithm="HS256"),
            "expires_on": str(now + 3600),
            "resource": "https://storage.azure.com",
            "token_type": "Bearer",
        }
        return 200, {}, json.dumps(token).encode()


WRITE_AND_READ = """
from compute.files.locations import AtomicFile
from compute.files.storage import storage
with AtomicFile(storage().place("a.csv")) as file:
    file.write(b"a\\n1\\n")
    file.commit()
[found] = storage().files()
with storage().open(found) as file:
    print(found.path, file.read())
"""


def test_by_the_identity_of_the_machine(tmp_path: Path) -> None:
    """In a process of its own, which reads the environment as a worker does."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    store = Azurite(tls=tmp_path)
    try:
        store.reset()
        with MetadataService() as service:
            environment = {
                "COMPUTE_ROOT": f"abfss://{BUCKET}@{ACCOUNT}.dfs.core.windows.net/compute",
                "FSSPEC_ABFS_ACCOUNT_HOST": f"127.0.0.1:{store.upstream}/{ACCOUNT}",
                "IDENTITY_ENDPOINT": f"{service.url}/token",
                "IDENTITY_HEADER": "of this machine",
                "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
                "VAR_DIR": str(tmp_path),
            }
            command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", WRITE_AND_READ]
            done = subprocess.run(
                command, check=False, env=os.environ | environment, capture_output=True, text=True, timeout=100
            )
            assert "a.csv b'a\\n1\\n'" in done.stdout, done.stderr
            assert len(service.received) == 1, "a token is kept"
        assert store.get("compute/a.csv") == b"a\n1\n"
    finally:
        store.close()


def _what_the_inbox_says(place: str) -> str:
    try:
        with Inbox(place) as inbox:
            inbox.pairs("*customers*")
    except InboxUnavailable as error:
        return str(error)
    return ""


def _signature(lifetime: timedelta) -> str:
    now = datetime.now(UTC)
    return generate_account_sas(
        ACCOUNT,
        KEY,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, write=True, delete=True, list=True, create=True, add=True),
        expiry=now + lifetime,
        start=now - timedelta(hours=2),
    )
