"""Write rejected customers and purchases as one CSV file that can be mended and imported again, as both files."""

from collections.abc import Iterable, Iterator

from config.api.imports import rejects_csv as shared
from inflight.imports.parsing import CUSTOMER_ROW, PURCHASE_ROW


def rejects_csv(rejects: Iterable[shared.RejectedRow]) -> Iterator[str]:
    """Yield the lines of the CSV file."""
    return shared.rejects_csv(rejects, [*PURCHASE_ROW.names, *CUSTOMER_ROW.names])
