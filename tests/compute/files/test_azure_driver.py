"""Azure's driver against a server that says what Azurite never says; make test-stores has the rest, on Azurite."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from compute.files.drivers import azure
from compute.files.drivers.azure import TRIES, AzureFileSystem
from compute.files.errors import StoreUnavailable
from compute.files.locations import answering, filesystem
from tests.fakes.faulty import Fault, FaultyServer, Received

PLACE = "abfss://retail@mine.dfs.core.windows.net/compute"
MOMENT = {"Last-Modified": "Sun, 29 Nov 2026 02:30:47 GMT", "Etag": '"0x1"'}


class Blobs(FaultyServer):
    """Takes every request, and begins copies; `copies` is what it says of one, each time that it is asked."""

    copies: list[str]

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        if request.method == "HEAD":
            return 200, {**MOMENT, "X-Ms-Copy-Status": self.copies.pop(0), "X-Ms-Copy-Id": "7"}, b""
        if request.method == "PUT":
            return 202, {**MOMENT, "X-Ms-Copy-Status": "pending", "X-Ms-Copy-Id": "7"}, b""
        return 202, {}, b""


@pytest.fixture
def blobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blobs]:
    server = Blobs()
    with server:
        key = base64.b64encode(b"secret").decode()
        monkeypatch.setenv(
            "AZURE_STORAGE_CONNECTION_STRING", f"AccountName=mine;AccountKey={key};BlobEndpoint={server.url}/mine"
        )
        AzureFileSystem.clear_instance_cache()
        yield server
        AzureFileSystem.clear_instance_cache()


@pytest.mark.parametrize(
    "name", ["a.csv", "a.csv?", "a#b?c.csv", "a\tb.csv", "a b+c%20d.csv", "x::file:/etc/passwd", "é*[1]"]
)
@pytest.mark.parametrize("root", ["az://retail/compute", "abfs://retail/compute", PLACE])
def test_a_name_is_taken_as_it_is(root: str, name: str) -> None:
    path = AzureFileSystem._strip_protocol(f"{root}/{name}")
    assert path == f"retail/compute/{name}"
    assert AzureFileSystem._strip_protocol([path]) == [path]


def test_a_copy_is_waited_for(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure, "COPY_PAUSE_SECONDS", 0.01)
    blobs.copies = ["pending", "pending", "success"]
    fs, path = filesystem(f"{PLACE}/a.csv")
    fs.cp_file(path, f"{path}.new")
    assert [request.method for request in blobs.received] == ["PUT", "HEAD", "HEAD", "HEAD"]


@pytest.mark.parametrize("ends_as", ["failed", "aborted", "never"])
def test_a_copy_that_comes_to_nothing_is_no_copy(blobs: Blobs, monkeypatch: pytest.MonkeyPatch, ends_as: str) -> None:
    monkeypatch.setattr(azure, "COPY_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(azure, "COPY_SECONDS", 0.05)
    blobs.copies = ["pending", ends_as] if ends_as != "never" else ["pending"] * 100
    fs, path = filesystem(f"{PLACE}/a.csv")
    with pytest.raises(OSError, match=r"The copy to retail/compute/a\.csv\.new"):
        fs.cp_file(path, f"{path}.new")


@pytest.mark.parametrize(
    "fault",
    [Fault(status=503, headers=MOMENT), Fault(drop=True), Fault(hang_seconds=30)],
    ids=["busy", "cut off", "silent"],
)
def test_a_server_that_does_not_do_its_part_is_asked_three_times(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(azure, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(azure, "PAUSE_SECONDS", 0.05)
    blobs.fail_next(*[fault] * 100)
    fs, path = filesystem(f"{PLACE}/a.csv")
    with pytest.raises(StoreUnavailable), answering(PLACE):
        fs.rm_file(path)
    assert TRIES <= len(blobs.received) <= 2 * TRIES  # aiohttp itself repeats one that was cut off


def test_without_an_account_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)
    AzureFileSystem.clear_instance_cache()
    with pytest.raises(StoreUnavailable), answering("az://retail/compute"):
        filesystem("az://retail/compute")
    assert "Set AZURE_STORAGE_ACCOUNT_NAME" in caplog.text
