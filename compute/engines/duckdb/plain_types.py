"""Types in which a plain CSV's columns are read, and what is said of a number that is none of its type."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from compute.files.notation import exact_number_of
from compute.operations.base import LINE, Scan
from compute.operations.cell_types import MOST_DIGITS, CellType

TYPES = {
    frozenset({CellType.WHOLE}): pa.int64(),
    frozenset({CellType.NUMBER}): pa.float64(),
    frozenset({CellType.WHOLE, CellType.NUMBER}): pa.int64(),
}  # of a column that is needed as these kinds; any other is text


def types_of(scan: Scan, *, lines: bool) -> dict[str, pa.DataType]:
    """Return as what to read each column, and with `lines` that there is LINE instead of RAW cells.

    Nothing where nothing is gained: without numbers and lines.
    """
    if scan.melted:
        return dict.fromkeys(scan.columns, pa.string())
    exact = {cell.column: pa.decimal128(MOST_DIGITS, cell.scale) for cell in scan.cells if cell.kind == CellType.EXACT}
    kinds = {column: frozenset(each - {CellType.RAW} if lines else each) for column, each in scan.columns.items()}
    if any(CellType.RAW in each for each in kinds.values()):
        return {}
    types = {column: _type_of(each, exact.get(column)) for column, each in kinds.items() if each}
    if types and len(types) < len(kinds):
        return types | {LINE: pa.string()}
    return types if set(types.values()) != {pa.string()} else {}


def _type_of(kinds: frozenset[CellType], exact: pa.DataType | None) -> pa.DataType:
    if exact and kinds <= {CellType.EXACT, CellType.NUMBER}:
        return exact
    return TYPES.get(kinds, pa.string())


def wider_number(texts: pa.ChunkedArray, scale: int) -> str | None:
    """Return the number with the most fractional digits if they are more than `scale`, or one of more than 64 bits."""
    found: list[str] = [text for text in pc.unique(texts).to_pylist() if text is not None]
    numbers = [number for text in found if (number := exact_number_of(text)) is not None]
    if len(numbers) < len(found) or not found:  # DuckDB has to say what is none
        return None
    digits, text = max(zip(map(_fractional_digits, numbers), found, strict=True))
    if digits > scale:
        return text
    return next((text for number, text in zip(numbers, found, strict=True) if abs(number) >= 2**63), None)


def _fractional_digits(number: Decimal) -> int:
    return -int(number.normalize().as_tuple().exponent)
