"""Where the processes of one machine share what they count."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MEMORY = "/dev/shm"  # noqa: S108 - the folder itself is made and checked by who uses it


def default_metrics_dir(var_dir: Path, database: Mapping[str, Any]) -> str:
    """Return a folder on this machine that is the same for all processes of one Apron, and another for its neighbours.

    Not below var/, which containers share: flock and mapped files want a local disk, and each machine tells of its own.
    """
    facts = [str(var_dir), *(str(database.get(name, "")) for name in ("NAME", "HOST", "PORT"))]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]
    parent = MEMORY if os.access(MEMORY, os.W_OK) else tempfile.gettempdir()
    return str(Path(parent) / f"apron-metrics-{os.getuid()}-{digest}")
