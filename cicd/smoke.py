"""A real call: register, read, list, delete one record at a deployed address; exit 1 if an answer is not as documented.

    python3 cicd/smoke.py https://apron.example.net        (API_TOKEN in the environment where the server requires a token)

Needs Python alone, so that it runs wherever a pipeline does.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

PAYLOAD = '{ "sourceName": "smoke ✈", "jobCluster": {"min_workers": 1} }'


class Differs(Exception):  # noqa: N818 - what it says is that something differs
    """An answer is not the documented one."""


class Api:
    """The API at a base address, called with the token where there is one."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base.rstrip("/")
        self.headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the parsed body, whatever the status."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}{path}", data, self.headers, method=method)  # noqa: S310 - the caller's own address
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return response.status, _json_or_none(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _json_or_none(error.read())

    def expect(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """Return the body of an answer that must have this status."""
        got, answer = self.call(method, path, body)
        if got != status:
            raise Differs(f"{method} {path}: expected {status}, got {got}: {answer}")
        print(f"{method} {path}: {got}")  # noqa: T201
        return answer


def _json_or_none(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def wait_until_healthy(api: Api, seconds: float) -> None:
    """A container that was just deployed pulls its image and migrates first."""
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            status, last = api.call("GET", "/api/health")
        except OSError as error:
            status, last = 0, error
        if status == 200:
            return
        time.sleep(min(2.0, seconds / 10))
    raise Differs(f"GET /api/health: not healthy after {seconds:.0f} s: {last}")


def smoke(api: Api) -> None:
    """Walk one record through its life. Raises Differs."""
    record = api.expect(200, "POST", "/metadata", {"name": "smoke", "payload": PAYLOAD})
    path = f"/metadata/{record['id']}"
    try:
        if record["payload"] != PAYLOAD:
            raise Differs(f"The payload came back as {record['payload']!r}.")
        if api.expect(200, "GET", path) != record:
            raise Differs(f"GET {path} does not show what POST answered.")
        if record not in api.expect(200, "GET", "/metadata?name=smoke"):
            raise Differs("GET /metadata does not list the record.")
    finally:
        deleted = api.expect(200, "DELETE", path)
    if deleted != {"deleted": 1}:
        raise Differs(f"DELETE {path} answered {deleted}.")
    api.expect(404, "GET", path)
    api.expect(404, "DELETE", path)


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--wait", type=float, default=300.0, metavar="SECONDS", help="for it to become healthy")
    arguments = parser.parse_args()
    api = Api(arguments.address, os.environ.get("API_TOKEN", ""))
    try:
        wait_until_healthy(api, arguments.wait)
        smoke(api)
    except (Differs, OSError) as error:
        print(f"FAILED: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
