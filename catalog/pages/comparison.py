"""Products beside each other in one chart: `?compare=` names them, `?find=` looks for more."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from catalog.models import Product
from catalog.selectors import listed_products

MOST_COMPARED = 4
MOST_FOUND = 10
MOST_SEARCHED = 200  # characters
PERIOD = ("period", "start", "end")


@dataclass(frozen=True)
class Comparison:
    """A product's page with what it is compared with; `period` are the parameters that name the period of the chart."""

    product: Product
    others: list[Product]
    sought: str
    period: dict[str, str]

    def address(self, others: list[Product] | None = None, **period: str) -> str:
        """Return the page's address with other products, or with another period."""
        compared = self.others if others is None else others
        return "?" + urlencode([*(period or self.period).items(), *(("compare", str(other.pk)) for other in compared)])

    def shown(self) -> dict[str, Any]:
        """Return what the page's template needs."""
        return {
            "compared": [
                (other, self.address([each for each in self.others if each != other])) for other in self.others
            ],
            "sought": self.sought,
            "found": [(found, self.address([*self.others, found])) for found in self._found()],
            "may_compare_more": len(self.others) < MOST_COMPARED,
            "kept": self.period,
        }

    def _found(self) -> list[Product]:
        if not self.sought:
            return []
        rows = listed_products(limit=MOST_FOUND + MOST_COMPARED + 1, search=self.sought)
        shown = {self.product, *self.others}
        return [row.product for row in rows if row.product not in shown][:MOST_FOUND]


def comparison_of(product: Product, query: QueryDict) -> Comparison:
    """Return what a page's address says; products that are not there are left out."""
    wanted = list(dict.fromkeys(id_ for text in query.getlist("compare") if (id_ := _uuid(text)) and id_ != product.pk))
    there = Product.objects.in_bulk(wanted[:MOST_COMPARED])
    sought = query.get("find", "").replace("\0", "").strip()[:MOST_SEARCHED]
    period = {name: value for name in PERIOD if (value := query.get(name))}
    return Comparison(product, [there[id_] for id_ in wanted if id_ in there], sought, period)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
