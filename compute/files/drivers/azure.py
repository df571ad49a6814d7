"""fsspec's file system over Azure's storage. It needs adlfs (the extra `azure`). Free of Django.

adlfs' own one takes `?`, `#` and tabs in a name for parts of a URL, so that `a.csv?` reads a.csv; it reads the blocks of a
file that is replaced meanwhile as if they were of one; it takes a copy that has only begun for one; and it waits for minutes.
"""

import asyncio
import time
from typing import Any

from adlfs import AzureBlobFileSystem
from adlfs.spec import AzureBlobFile
from azure.core import MatchConditions
from azure.storage.blob.aio import BlobServiceClient, LinearRetry
from fsspec.asyn import sync_wrapper

CONNECT_SECONDS, ANSWER_SECONDS = 5, 20
COPY_SECONDS = 300.0  # for a copy within the store, which for most is over at once
COPY_PAUSE_SECONDS = 0.5
TRIES, PAUSE_SECONDS = 3, 2


class AzureFileSystem(AzureBlobFileSystem):  # type: ignore[misc]
    """Blobs under their own names, each read in one version, and copied when the copy is whole."""

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        """Return container/name of `az://container/name`, `abfss://container@account.dfs.core.windows.net/name` or itself."""
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        scheme, found, rest = str(path).partition("://")
        if not found or scheme not in cls.protocol:
            return str(path).strip("/")
        host, _, name = rest.partition("/")
        return f"{host.partition('@')[0]}/{name}".strip("/")

    def do_connect(self) -> None:
        """Make the client; adlfs does so at the end of its constructor."""
        options: dict[str, Any] = {
            "connection_timeout": CONNECT_SECONDS,
            "read_timeout": ANSWER_SECONDS,
            "retry_policy": LinearRetry(PAUSE_SECONDS, retry_total=TRIES - 1, random_jitter_range=PAUSE_SECONDS),
        }
        if self.connection_string:
            self.service_client = BlobServiceClient.from_connection_string(self.connection_string, **options)
            return
        if not self.account_name:
            raise ValueError("Set AZURE_STORAGE_ACCOUNT_NAME, or AZURE_STORAGE_CONNECTION_STRING.")
        self.account_url = f"https://{getattr(self, 'account_host', f'{self.account_name}.blob.core.windows.net')}"
        credential = self.credential or self.account_key
        signature = f"?{self.sas_token.lstrip('?')}" if self.sas_token and not credential else ""
        self.service_client = BlobServiceClient(self.account_url + signature, credential=credential, **options)

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **kwargs: Any) -> AzureBlobFile:
        options = {"cache_type": "readahead", **kwargs}
        return _File(fs=self, path=path, mode=mode, block_size=block_size or self.blocksize, **options)

    async def _cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        await super()._cp_file(path1, path2, **kwargs)
        container, name, _ = self.split_path(path2)
        deadline = time.monotonic() + COPY_SECONDS
        async with self.service_client.get_blob_client(container, name) as blob:
            while (copy := (await blob.get_blob_properties()).copy).status == "pending":
                if time.monotonic() > deadline:
                    raise OSError(
                        f"The copy to {path2} does not come to its end."
                    )  # of a TimeoutError fsspec forgets the text
                await asyncio.sleep(COPY_PAUSE_SECONDS)
        if copy.status not in {None, "success"}:
            raise OSError(f"The copy to {path2} ended as {copy.status}: {copy.status_description}")

    cp_file = sync_wrapper(_cp_file)


class _File(AzureBlobFile):  # type: ignore[misc]
    async def _async_fetch_range(self, start: int, end: int, **_: Any) -> bytes:
        """Return bytes of the version that was opened; raise ResourceModifiedError where it was replaced."""
        stream = await self.container_client.download_blob(
            self.blob,
            offset=start,
            length=min(end, self.size) - start,
            max_concurrency=self.fs.max_concurrency or 1,
            etag=self.details["etag"],
            match_condition=MatchConditions.IfNotModified,
        )
        return bytes(await stream.readall())

    _fetch_range = sync_wrapper(_async_fetch_range)
