"""fsspec's file systems for the schemes of URLs; for S3 and Azure ours, which derive from them. Free of Django."""

from typing import Any

AZURE = frozenset({"abfs", "abfss", "az"})
S3 = frozenset({"s3", "s3a"})


def driver_of(scheme: str) -> Any:
    """Return the file system's class; raise ImportError where its package is not installed."""
    if scheme in AZURE:
        from compute.files.drivers.azure import AzureFileSystem  # noqa: PLC0415 - an extra

        return AzureFileSystem
    if scheme in S3:
        from compute.files.drivers.s3 import PatientS3FileSystem  # noqa: PLC0415 - an extra

        return PatientS3FileSystem
    import fsspec  # noqa: PLC0415 - it takes an eighth of a child's start

    return fsspec.get_filesystem_class(scheme)
