"""Interface of an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from compute.files.formats import Format, Source
from compute.operations.base import Frame, Result, Scan
from compute.operations.cell_types import Family


@dataclass(frozen=True)
class Resources:
    """Limits of one job: bytes of memory, threads, and a folder for what does not fit into memory.

    `shared_scratch` is the place of such a folder that the machines of a cluster reach too.
    """

    memory: int
    threads: int
    scratch: Path
    shared_scratch: str


@dataclass(frozen=True)
class EngineEnvironment:
    """Configuration of an engine in its process: bytes of memory, a folder, and how to reach and use a cluster."""

    memory: int
    scratch: str
    spark_remote: str = ""
    spark_master: str = ""
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    spark_wait_seconds: float = 120.0


@dataclass(frozen=True)
class Target:
    """Where and in which format to write. `for_display`: write unrepresentable values as text instead of refusing them."""

    path: Path
    format: Format
    delimiter: str = ","
    for_display: bool = False


@dataclass(frozen=True)
class Written:
    """What was written: the number of rows, and the names and types of the columns in order."""

    rows: int
    columns: dict[str, str]


class Engine(Protocol):
    """Reads one file and writes one result. Methods may raise a ComputeError; scan and write also an EngineSignal.

    Files of an object store are fetched for it, but those in the formats of `reads_urls`, which it is given where they are.
    """

    reads_urls: ClassVar[frozenset[Format]]

    @staticmethod
    def prepare(environment: EngineEnvironment) -> None:
        """Do once what takes long and every job needs."""

    def __init__(self, source: Source, resources: Resources) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None: ...

    def columns(self) -> dict[str, Family]:
        """Return the file's columns, in order, and what they hold."""

    def scan(self, scan: Scan, *, lines: bool = False) -> Frame:
        """Return the cells as a frame.

        With `lines`, the result is a text of the same dialect: an engine may give the RAW cells together, as LINE.
        """

    def small_table(self, columns: Mapping[str, Sequence[Any]]) -> Frame:
        """Return a few values as a frame that can be joined with one of a scan."""

    def write(self, result: Result, target: Target) -> Written:
        """Compute the result and write it; raise UnwritableValue for what the target's format cannot hold."""

    def progress(self) -> float:
        """Return the share that is done, 0 to 1; called from another thread."""

    def rows_read(self) -> int:
        """Return how many rows of the file were read; known after `write`."""
