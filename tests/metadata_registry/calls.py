"""What the tests of the registry's API share."""

import json
from typing import Any

from rest_framework.test import APIClient

from tests.factories_metadata_registry import PAYLOAD


def post(api: APIClient, payload: Any = PAYLOAD, name: Any = "flights") -> Any:
    return api.post("/api/metadata", {"name": name, "payload": payload}, format="json")


def body_of(response: Any) -> Any:
    return json.loads(response.getvalue())
