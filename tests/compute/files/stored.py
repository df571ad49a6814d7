"""A file that tests put into an object store, and what is kept aside there."""

from pathlib import Path
from typing import Any

from rest_framework.test import APIClient

from tests.fakes.object_store import ObjectStore

SALES = b"shop,price\n007,1.5\n12,2.5\n007,\n"
STATS = {"file_path": "sales.csv", "columns": ["price"]}


def put(client: APIClient, path: str, content: bytes = SALES) -> Any:
    return client.put(f"/api/compute/files/{path}", content, content_type="text/csv")


def left_behind(store: ObjectStore, scratch: Path) -> list[str]:
    """What was kept aside, here and there."""
    return [str(place) for place in (scratch / "var/scratch").rglob("*")] + [
        key for key in store.names() if "/." in key
    ]
