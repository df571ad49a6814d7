"""Azure's storage on a real socket: Azurite, Microsoft's emulator, from npm (make test-stores installs it)."""

import os
import re
import subprocess
import threading
from functools import partial
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from config.worker.cluster import die_with_parent
from tests.fakes.object_store import BUCKET, ObjectStore

AZURITE = Path(__file__).parents[2] / ".real/stores/node_modules/.bin/azurite-blob"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # public: every Azurite's


class Azurite(ObjectStore):
    """Serves the container BUCKET until closed, under `az://` or, as Azure's data lake is addressed, `abfss://`.

    `tls`: a folder with cert.pem, key.pem and ca.pem; then it speaks TLS, and takes tokens too, at `upstream`.
    """

    completion = re.compile(r"PUT .*comp=blocklist")
    kept_uploads = 1  # its parts, for a week, which nobody sees and none pays for

    def __init__(self, scheme: str = "az", tls: Path | None = None) -> None:
        super().__init__()
        self.root = f"az://{BUCKET}" if scheme == "az" else f"abfss://{BUCKET}@{ACCOUNT}.dfs.core.windows.net"
        options = ["--cert", str(tls / "cert.pem"), "--key", str(tls / "key.pem"), "--oauth", "basic"] if tls else []
        self._process = subprocess.Popen(
            [AZURITE, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry",
             "--silent", "--skipApiVersionCheck", *options],
            stdout=subprocess.PIPE, text=True, preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509
        )  # fmt: skip
        port = self._port()
        self.start(port)
        self.environment = {"AZURE_STORAGE_CONNECTION_STRING": connection_string(self.port)}
        known = connection_string(port).replace("http:", "https:" if tls else "http:")
        service = BlobServiceClient.from_connection_string(
            known, connection_verify=str(tls / "ca.pem") if tls else True
        )
        self.container = service.get_container_client(BUCKET)

    def close(self) -> None:
        super().close()
        self._process.terminate()
        self._process.communicate(timeout=10)

    def hasten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("compute.files.drivers.azure.PAUSE_SECONDS", 0.1)

    def empty(self) -> None:
        if self.container.exists():
            self.container.delete_container()
        self.container.create_container()

    def names(self) -> list[str]:
        return [str(name) for name in self.container.list_blob_names()]

    def put(self, key: str, content: bytes) -> None:
        self.container.upload_blob(key, content, overwrite=True)

    def get(self, key: str) -> bytes:
        return bytes(self.container.download_blob(key).readall())

    def delete(self, key: str) -> None:
        self.container.delete_blob(key)

    def open_uploads(self) -> int:
        begun = {blob.name for blob in self.container.list_blobs(include=["uncommittedblobs"])}
        return len(begun - set(self.names()))

    def _port(self) -> int:
        """Return the port that Azurite says it listens on; fail where it does not within a minute."""
        assert self._process.stdout
        late = threading.Timer(60, self._process.kill)
        late.start()
        try:
            for line in self._process.stdout:
                if found := re.search(r"listens on https?://127\.0\.0\.1:(\d+)", line):
                    return int(found[1])
        finally:
            late.cancel()
        self._process.communicate()
        raise AssertionError("Azurite does not start")


def connection_string(port: int, credential: str = f"AccountKey={KEY}") -> str:
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};{credential};BlobEndpoint={endpoint}"
