"""Where schemathesis would misjudge the server."""

import re
import uuid
from typing import Any

import schemathesis


@schemathesis.hook
def map_headers(context: Any, headers: dict[str, Any] | None) -> dict[str, Any] | None:
    """Make each key new: one that comes again gets the first answer, though what was made then may have been deleted since."""
    key = (headers or {}).get("Idempotency-Key")
    if headers and isinstance(key, str) and re.fullmatch("[!-~]{1,255}", key):
        headers["Idempotency-Key"] = uuid.uuid4().hex
    return headers
