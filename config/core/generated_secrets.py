"""Generate missing secrets at the first start, store them in one file, and print the API token once."""

import json
import os
import secrets
import sys
import tempfile
from pathlib import Path


def read_or_generate_secret(path: Path, name: str, *, announce: bool = False) -> str:
    """Return the secret `name` kept in the JSON file `path`, making it first if it is not there.

    Several processes may start at once: the file is only ever replaced whole, under a lock, so all of them end up with
    the same secret. With `announce`, a secret just made is printed to standard error, the only time it is ever shown.
    """
    import fcntl  # noqa: PLC0415 - POSIX only; whoever sets SECRET_KEY and API_TOKEN does not need it

    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in kept:
            kept[name] = secrets.token_urlsafe(48)
            _replace(path, json.dumps(kept, indent=2))
            if announce:
                print(f"{name} was not set. Made one and kept it in {path}:\n  {kept[name]}", file=sys.stderr)  # noqa: T201
        return kept[name]


def _replace(path: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
