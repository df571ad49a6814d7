"""`python -m compute.jobs.child FD`: main loop of a worker process, which executes one job after another. Free of Django.

It receives job specs and answers as JSON over the connection FD: `{"progress"}` now and then, in the end `{"done"}`,
`{"error"}` or `{"crash"}`. It has a process group of its own, the kernel bounds its memory and files, and it dies with its
runner.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import threading
import traceback
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from compute.engines import engine_class
from compute.engines.base import Engine, EngineEnvironment
from compute.files.errors import ComputeError, DiskFull, LimitReached
from compute.jobs.execute import execute
from compute.jobs.orders import JobSpec
from config.core.disk import lacks_room
from config.core.loading import loading

PR_SET_PDEATHSIG = 1
PROGRESS_SECONDS = 0.5
MAX_JOBS = 500
NICENESS = 5  # the web processes come first


def main(connection: Connection, parent: int) -> None:
    """Serve until the connection ends, or until a new process is better than this one."""
    _prepare_process(parent)
    limits: dict[str, Any] = json.loads(connection.recv_bytes())
    with loading():
        engine = engine_class(limits["engine"])  # the slow imports, and what else is slow, before the first job
    _set_limits(limits["data_bytes"], limits["file_bytes"])
    engine.prepare(EngineEnvironment(**limits["environment"]))
    for _ in range(MAX_JOBS):
        try:
            spec = JobSpec(**json.loads(connection.recv_bytes()))
        except EOFError:
            return
        connection.send_bytes(json.dumps(_answer(connection, spec)).encode())
        if _resident_bytes() > limits["recycle_above_bytes"]:
            return


def _prepare_process(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel knew of our request
        sys.exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
    os.nice(NICENESS)
    os.putenv("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own reserves 1 GB at once, which RLIMIT_DATA counts


def _set_limits(data_bytes: int, file_bytes: int) -> None:
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: file_bytes, resource.RLIMIT_DATA: data_bytes}
    for what, limit in limits.items():
        resource.setrlimit(what, (limit, limit))


def _resident_bytes() -> int:
    """Return what it has kept of its memory; elsewhere than on Linux, the most that it ever had."""
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _answer(connection: Connection, spec: JobSpec) -> dict[str, Any]:
    with _ProgressReporter(connection) as progress:
        try:
            return {"done": asdict(execute(spec, progress.begin))}
        except ComputeError as error:
            return _refusal(error)
        except MemoryError:
            return _refusal(LimitReached("The job needs more memory than it may have."))
        except Exception as error:
            if lacks_room(error):
                return _refusal(DiskFull())
            if isinstance(error, OSError):
                return _refusal(LimitReached(f"The system did not let the job read or write: {error.strerror}."))
            traceback.print_exc()
            return {"crash": traceback.format_exc(limit=-1).strip().splitlines()[-1]}


def _refusal(error: ComputeError) -> dict[str, Any]:
    told = {
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "field": error.field,
        "read": error.read,
    }
    return {"error": told}


class _ProgressReporter:
    """Send the progress periodically, from a thread, until the block ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ended = threading.Event()
        self._engine: Engine | None = None
        self._thread = threading.Thread(target=self._report, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def begin(self, engine: Engine) -> None:
        self._engine = engine

    def _report(self) -> None:
        while not self._ended.wait(PROGRESS_SECONDS):
            try:
                progress = self._engine.progress() if self._engine else 0.0
            except Exception:  # noqa: S112 - an engine that has just ended
                continue
            self._connection.send_bytes(json.dumps({"progress": progress}).encode())


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])), parent=int(sys.argv[2]))
    os._exit(0)  # DuckDB's bindings complain at length in an orderly exit
