"""An S3 on a real socket: moto's implementation of the protocol, in memory, which refuses or holds requests on demand."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "retail"
REFUSED = b"<Error><Code>AccessDenied</Code><Message>on demand</Message></Error>"


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


class S3:
    """Serves the bucket BUCKET until closed. `held` is how many requests are kept waiting."""

    def __init__(self) -> None:
        self._backend = DomainDispatcherApplication(create_backend_app)
        self._http = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)
        self.heal()
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._http.server_port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        self.client = boto3.client(
            "s3",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )

    def close(self) -> None:
        self._released.set()
        self._http.shutdown()
        self._http.server_close()

    def heal(self) -> None:
        """Neither refuse nor hold anything, from now on."""
        self.held = 0
        self._released = threading.Event()
        self._released.set()
        self._refuses: Callable[[str, str], bool] = lambda _method, _path: False
        self._holds: Callable[[str, str], bool] = lambda _method, _path: False

    def refuse(self, which: Callable[[str, str], bool]) -> None:
        """Answer 403 to requests of this method and path."""
        self._refuses = which

    def hold(self, which: Callable[[str, str], bool]) -> Callable[[], None]:
        """Keep requests of this method and path waiting, until what is returned is called."""
        self._released, self._holds = threading.Event(), which
        return self._released.set

    def reset(self) -> None:
        """Be well, with the bucket and nothing in it."""
        self.heal()
        self.client.create_bucket(Bucket=BUCKET)
        for key in self.names():
            self.client.delete_object(Bucket=BUCKET, Key=key)

    def names(self) -> list[str]:
        """Return the names of all objects."""
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def open_uploads(self) -> int:
        """Return how many multipart uploads are neither completed nor aborted."""
        return len(self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if self._holds(method, path):
            self.held += 1
            self._released.wait(60)
        if self._refuses(method, path):
            start_response(
                "403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(REFUSED)))]
            )
            return [REFUSED]
        answer: Iterable[bytes] = self._backend(environ, start_response)
        return answer
