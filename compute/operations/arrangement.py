"""sort and limit: the order of a result's rows, and how many of them there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from compute.files.errors import NotSortable
from compute.operations.base import Frame


@dataclass(frozen=True)
class Order:
    """A column that rows are sorted by. Missing values come last in either direction."""

    column: str
    descending: bool = False


@dataclass(frozen=True)
class Arrangement:
    """How to arrange a result: nothing, what the operation does by itself."""

    orders: tuple[Order, ...] = ()
    limit: int | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """Return what a request says in `sort` and `limit`, checked by its serializer."""
        orders = (Order(each["column"], each.get("descending", False)) for each in parameters.get("sort", []))
        return cls(tuple(orders), parameters.get("limit"))

    def check(self, columns: Sequence[str]) -> None:
        """Raise NotSortable for a column that rows cannot be sorted by."""
        for number, order in enumerate(self.orders):
            if order.column not in columns:
                raise NotSortable(order.column, list(columns), field=f"sort.{number}.column")

    def apply(self, frame: Frame, names: Mapping[str, str], usual: Sequence[str]) -> Frame:
        """Return the rows in order; `names` has what the frame calls columns, `usual` what decides where nothing else does."""
        if self.orders or (usual and self.limit is not None):
            asked = {names[order.column]: order.descending for order in self.orders}
            orders = asked | {name: False for name in usual if name not in asked}
            frame = frame.sort(list(orders), descending=list(orders.values()), nulls_last=True)
        return frame if self.limit is None else frame.head(self.limit)


AS_COMPUTED = Arrangement()
