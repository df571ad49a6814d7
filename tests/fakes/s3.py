"""An S3 on a real socket: moto's implementation of the protocol, in memory."""

import re
import threading
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.fakes.object_store import BUCKET, ObjectStore

__all__ = ["BUCKET", "S3"]


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        pass


class S3(ObjectStore):
    """Serves the bucket BUCKET until closed."""

    root = f"s3://{BUCKET}"
    completion = re.compile(r"PUT (?!.*partNumber)|POST .*uploadId")

    def __init__(self) -> None:
        super().__init__()
        application = DomainDispatcherApplication(create_backend_app)
        self._moto = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
        threading.Thread(target=self._moto.serve_forever, daemon=True).start()
        self.start(self._moto.server_port)
        self.environment = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        self.client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self._moto.server_port}",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )

    def close(self) -> None:
        super().close()
        self._moto.shutdown()
        self._moto.server_close()

    def empty(self) -> None:
        self.client.create_bucket(Bucket=BUCKET)
        names = self.names()
        for start in range(0, len(names), 1000):
            keys = [{"Key": name} for name in names[start : start + 1000]]
            self.client.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})

    def names(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=key)

    def open_uploads(self) -> int:
        return len(self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))
