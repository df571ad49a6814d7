"""What an engine is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, Self

from compute.formats import Format, Source
from compute.operations import Cell, Frame


@dataclass(frozen=True)
class Resources:
    """What one job may use: bytes of memory, threads, and a folder of its own for what does not fit into memory.

    `shared_scratch` is the place of such a folder that the machines of a cluster reach too.
    """

    memory: int
    threads: int
    scratch: Path
    shared_scratch: str


@dataclass(frozen=True)
class Surroundings:
    """What an engine is told once in its process: bytes of memory, a folder, and where a cluster is, if there is one."""

    memory: int
    scratch: str
    spark_remote: str = ""
    spark_master: str = ""


@dataclass(frozen=True)
class Target:
    """Where a result goes."""

    path: Path
    format: Format
    delimiter: str = ","


class Engine(Protocol):
    """Reads one file and writes one result. All may raise a Fault; scan, hold, sink also a Finding.

    Files of an object store are fetched for it, but those in the formats of `reads_urls`, which it is given where they are.
    """

    reads_urls: ClassVar[frozenset[Format]]

    @staticmethod
    def prepare(surroundings: Surroundings) -> None:
        """Do once what takes long and every job needs."""

    def __init__(self, source: Source, resources: Resources) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None: ...

    def columns(self) -> tuple[str, ...]:
        """Return the file's columns, in order."""

    def scan(self, cells: Sequence[Cell], *, rows: bool = False, lines: bool = False) -> Frame:
        """Return the cells as a frame; with `rows`, also each row's number in the file, as ROW.

        With `lines`, the result is a text of the same dialect: an engine may give the RAW cells together, as LINE.
        """

    def hold(self, frame: Frame) -> Frame:
        """Return the frame, computed once for several uses."""

    def sink(self, frame: Frame, target: Target) -> int:
        """Compute the frame and write it; return the number of rows."""

    def progress(self) -> float:
        """Return the share that is done, 0 to 1; called from another thread."""

    def rows_read(self) -> int:
        """Return how many rows of the file were read; known after `sink`."""
