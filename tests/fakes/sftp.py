"""An SFTP server on a real socket, by paramiko's server side, which shows a folder of this machine as /."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface

USER, PASSWORD = "apron", "secret"


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> Any:
        return paramiko.AUTH_SUCCESSFUL if (username, password) == (USER, PASSWORD) else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> Any:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


class _Handle(SFTPHandle):
    def stat(self) -> Any:
        return SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(SFTPServerInterface):
    def __init__(self, server: Any, folder: Path, unreadable: set[str]) -> None:
        super().__init__(server)
        self._folder, self._unreadable = folder, unreadable

    def _local(self, path: str) -> Path:
        return self._folder / str(self.canonicalize(path)).lstrip("/")

    def list_folder(self, path: str) -> Any:
        try:
            return [
                SFTPAttributes.from_stat(entry.lstat(), os.fsencode(entry.name))
                for entry in self._local(path).iterdir()
            ]
        except OSError as error:
            return SFTPServer.convert_errno(error.errno)

    def stat(self, path: str) -> Any:
        return self._described(self._local(path).stat)

    def lstat(self, path: str) -> Any:
        return self._described(self._local(path).lstat)

    def _described(self, stat: Callable[[], os.stat_result]) -> Any:
        try:
            return SFTPAttributes.from_stat(stat())
        except OSError as error:
            return SFTPServer.convert_errno(error.errno)

    def open(self, path: str, flags: int, attr: Any) -> Any:
        if Path(path).name in self._unreadable:
            return paramiko.SFTP_PERMISSION_DENIED
        file = os.fdopen(os.open(self._local(path), flags, 0o644), "r+b" if flags & os.O_ACCMODE else "rb")
        handle = _Handle(flags)
        handle.filename = str(self._local(path))
        handle.readfile = handle.writefile = file
        return handle

    def remove(self, path: str) -> Any:
        self._local(path).unlink()
        return paramiko.SFTP_OK

    def posix_rename(self, oldpath: str, newpath: str) -> Any:
        self._local(oldpath).replace(self._local(newpath))
        return paramiko.SFTP_OK

    def mkdir(self, path: str, attr: Any) -> Any:
        self._local(path).mkdir()
        return paramiko.SFTP_OK


class Sftp:
    """Serves a folder until closed. `known_hosts` is a file that names it; files named in `unreadable` cannot be opened."""

    def __init__(self, folder: Path, known_hosts: Path) -> None:
        self.unreadable: set[str] = set()
        self._folder, self._key = folder, paramiko.RSAKey.generate(2048)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        known_hosts.write_text(f"[127.0.0.1]:{self.port} {self._key.get_name()} {self._key.get_base64()}\n")
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self._key)
            transport.set_subsystem_handler("sftp", SFTPServer, _Files, self._folder, self.unreadable)
            self._transports.append(transport)
            transport.start_server(event=threading.Event(), server=_Login())

    def close(self) -> None:
        self._socket.close()
        for transport in self._transports:
            transport.close()
