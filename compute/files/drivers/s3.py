"""fsspec's file system over S3. It needs s3fs (the extra `s3`). Free of Django."""

from collections.abc import Iterator, Mapping
from typing import Any

from s3fs import S3FileSystem

TRIES = 3  # of a request, by botocore, which tries a store that is busy or away
WAITING = {"connect_timeout": 5, "read_timeout": 15, "retries": {"total_max_attempts": TRIES}}


class PatientS3FileSystem(S3FileSystem):  # type: ignore[misc]
    """s3fs, with an end to its patience: its own 5 rounds of botocore's 5 tries keep a thread for six minutes."""

    retries = 2  # rounds of them, and reads of an answer that breaks off

    def __init__(self, *args: Any, config_kwargs: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(*args, config_kwargs={**WAITING, **(config_kwargs or {})}, **options)

    def find_after(self, folder: str, name: str) -> Iterator[dict[str, Any]]:
        """Yield the objects at any depth below a folder whose names there come after `name`: page by page, in S3's order."""
        bucket, prefix, _ = self.split_path(f"{folder}/")
        asked = {"Bucket": bucket, "Prefix": prefix} | ({"StartAfter": f"{prefix}{name}"} if name else {})
        while True:
            page = self.call_s3("list_objects_v2", **asked)
            for found in page.get("Contents", []):
                yield found | {"name": f"{bucket}/{found['Key']}", "size": found["Size"], "type": "file"}
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]
