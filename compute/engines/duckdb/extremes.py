"""Find the least and greatest cells of a text column while an engine reads it."""

import threading
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from compute.files.notation import exact_number_of


class Extremes:
    """The least and greatest cells of a column with their numbers; equal numbers are ordered by their text."""

    def __init__(self) -> None:
        self.least: tuple[Decimal, str] | None = None
        self.greatest: tuple[Decimal, str] | None = None
        self._lock = threading.Lock()

    def note(self, numbers: pa.ChunkedArray, cells: pa.ChunkedArray) -> None:
        """Take note of more cells, whose numbers these are."""
        ends = pc.min_max(numbers).as_py()
        if ends["min"] is None:
            return
        least, greatest = _ordered(numbers, cells, ends["min"])[0], _ordered(numbers, cells, ends["max"])[-1]
        with self._lock:
            self.least = min(self.least or least, least)
            self.greatest = max(self.greatest or greatest, greatest)


def _ordered(numbers: pa.ChunkedArray, cells: pa.ChunkedArray, number: float) -> list[tuple[Decimal, str]]:
    """The distinct cells of a number, a double, in their order."""
    texts = cells.filter(pc.equal(numbers, number)).unique().to_pylist()
    return sorted((exact_number_of(text) or Decimal(0), text) for text in texts)
