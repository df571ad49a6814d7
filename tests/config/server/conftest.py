"""One server with short deadlines for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.config.server.watched import Watched
from tests.processes import running_system

ROWS = 6_000
LONG = "x" * 900


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A server whose list of data has 5 MB, more than a kernel keeps for a client who does not read."""
    folder: Path = tmp_path_factory.mktemp("server")
    spool = folder / "spool"
    spool.mkdir()
    environment = {
        "REQUEST_BODY_SECONDS": "2",
        "ANSWER_STALL_SECONDS": "2",
        "WEB_SPOOL": str(spool),
        "METRICS_DIR": str(folder / "metrics"),
        "COMPUTE_ROOT": str(folder / "compute"),
        "COMPUTE_MAX_UPLOAD": str(64 * 1024**2),
        "IMPORT_MAX_UPLOAD": str(1024**2),
    }
    with running_system(folder, **environment) as system:
        system.log = folder / "log"
        process = system.start_web("--http1-header-read-timeout", "2000", "--log-level", "error")
        watched = Watched(system, process.pid, spool, system.log)
        added = requests.post(
            f"{system.url}/data", json=[{"content": LONG}] * ROWS, headers={"Prefer": "respond-async"}, timeout=60
        )
        assert added.status_code == 201
        yield watched
