"""fsspec's file system over SFTP, to servers that are known. It needs paramiko (the extra `sftp`). Imports no models."""

from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

SECONDS = 30.0  # for a connection, and for the server to answer


class KnownSFTPFileSystem(SFTPFileSystem):  # type: ignore[misc]
    """Connect only to servers whose key is in `known_hosts` (~/.ssh/known_hosts), each time anew.

    fsspec's own one takes any key, and keeps a connection that has broken.
    """

    cachable = False

    def __init__(self, host: str, *, known_hosts: str | None = None, **options: Any) -> None:
        self._known_hosts = known_hosts
        super().__init__(host, host_key_policy="reject", **options)

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.load_system_host_keys(self._known_hosts)
        self.client.set_missing_host_key_policy(self.host_key_policy)
        options = {"timeout": SECONDS, "banner_timeout": SECONDS, "auth_timeout": SECONDS} | self.ssh_kwargs
        self.client.connect(self.host, **options)
        self.ftp = self.client.open_sftp()
        self.ftp.get_channel().settimeout(SECONDS)

    def info(self, path: str) -> dict[str, Any]:
        """Describe a file; a link is a link, as in a listing, and not what it leads to."""
        found: dict[str, Any] = self._decode_stat(self.ftp.lstat(path))
        return found | {"name": path}

    def close(self) -> None:
        """End the connection."""
        self.client.close()
