"""The watch over slow readers looks at every descriptor of the process, and SQLite's must not notice."""

import fcntl
import socket
import subprocess
import sys
from pathlib import Path

from config.server.slow_readers import _sockets

LOCK = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"


def test_a_look_at_the_sockets_leaves_the_locks_of_files_alone(tmp_path: Path) -> None:
    path = tmp_path / "database"
    path.touch()
    with path.open("r+") as file, socket.create_server(("127.0.0.1", 0)) as listener:
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert listener.fileno() in [number for number, _ in _sockets()]
        other = subprocess.run(
            [sys.executable, "-c", LOCK, str(path)], capture_output=True, text=True, timeout=60, check=False
        )
        assert "BlockingIOError" in other.stderr
