"""A job as a worker process gets it, and what it gives back. Free of Django."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class JobSpec:
    """A job as a worker process gets it.

    `input_path` and `results` are locations: absolute paths or URLs. `scratch` is a folder of the job's own on this machine,
    `shared_scratch` the path of one that a cluster's machines reach too.
    """

    engine: str
    operation: str
    parameters: dict[str, Any]
    input_path: str
    input_format: str  # "" to be told by the file itself
    input_version: str  # when the job was taken in
    output_format: str  # "" for the input's
    results: str
    result_stem: str
    scratch: str
    shared_scratch: str
    memory: int
    threads: int


@dataclass(frozen=True)
class JobResult:
    """Result of a job: its file name, the rows read and written, its columns with their types.

    `read_as`: for each column that was used, the type that it was read as (Reading or Family). `reading`: how the file was
    read (Prepared.told).
    """

    result_name: str
    rows_in: int
    rows_out: int
    columns: dict[str, str]
    read_as: dict[str, str]
    reading: dict[str, Any]
    result_version: str = ""  # set once it is published
