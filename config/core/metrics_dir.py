"""Where the processes of one machine share what they count."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def default_metrics_dir(var_dir: Path, database: Mapping[str, Any]) -> str:
    """Return a folder on this machine that is the same for all processes of one Apron, and another for its neighbours.

    Not below var/, which containers share: flock and mapped files want a local disk, and each machine tells of its own.
    """
    facts = [str(var_dir), *(str(database.get(name, "")) for name in ("NAME", "HOST", "PORT"))]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]
    return str(Path(tempfile.gettempdir()) / f"apron-metrics-{os.getuid()}-{digest}")
