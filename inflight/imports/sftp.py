"""fsspec's file system over SFTP, to servers that are known. It needs paramiko (the extra `sftp`). Imports no models."""

from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem
from paramiko.sftp import CMD_NAME

SECONDS = 30.0  # for a connection, and for the server to answer


class _Client(paramiko.SFTPClient):  # type: ignore[misc]
    """Read names that are not UTF-8 as Python reads those of this machine; else one of them would end the whole listing."""

    def _request(self, kind: Any, *args: Any) -> Any:
        answered, message = super()._request(kind, *args)
        if answered == CMD_NAME:
            message.get_text = lambda: message.get_string().decode(errors="surrogateescape")
        return answered, message


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
        self.ftp = _Client.from_transport(self.client.get_transport())
        self.ftp.get_channel().settimeout(SECONDS)

    def ls(self, path: str, detail: bool = False) -> list[Any]:
        """Describe, or with detail=False only name, what lies in a folder."""
        found = [self._decode_stat(stat, path) for stat in self.ftp.listdir_attr(path)]
        return found if detail else sorted(each["name"] for each in found)

    def info(self, path: str) -> dict[str, Any]:
        """Describe a file; a link is a link, as in a listing, and not what it leads to."""
        found: dict[str, Any] = self._decode_stat(self.ftp.lstat(path))
        return found | {"name": path}

    def close(self) -> None:
        """End the connection."""
        self.client.close()
