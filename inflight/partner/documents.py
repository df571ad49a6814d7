"""Build the JSON of a customer as the partner expects it. Pure functions; imports no models.

`{salutation, last_name, first_name, email, purchases: [{product_id, price, currency, quantity, purchased_at}]}`: blank text
as "", price a JSON number, currency in words where CURRENCY_NAMES has one, purchased_at YYYY-MM-DD.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypedDict

SALUTATIONS = {"1": "Mme", "2": "M", "": ""}


class PurchaseLine(NamedTuple):
    """Columns of a purchase that the partner gets. A double holds a price of at most 15 digits; the date is YYYY-MM-DD."""

    product_id: str
    price: float
    currency: str
    quantity: int
    purchased_on: str


class PurchaseDocument(TypedDict):
    """A purchase as the partner reads it."""

    product_id: str
    price: float
    currency: str
    quantity: int
    purchased_at: str


class CustomerDocument(TypedDict):
    """A customer as the partner reads them."""

    salutation: str
    last_name: str
    first_name: str
    email: str
    purchases: list[PurchaseDocument]


def purchase_document(purchase: PurchaseLine, currency_names: Mapping[str, str]) -> PurchaseDocument:
    """Return a purchase in the partner's shape."""
    return {
        "product_id": purchase.product_id,
        "price": int(purchase.price) if purchase.price.is_integer() else purchase.price,
        "currency": currency_names.get(purchase.currency, purchase.currency),
        "quantity": purchase.quantity,
        "purchased_at": purchase.purchased_on,
    }


def customer_document(
    *,
    title: str,
    last_name: str,
    first_name: str,
    email: str,
    purchases: Iterable[PurchaseLine],
    currency_names: Mapping[str, str],
) -> CustomerDocument:
    """Return a customer with their purchases, in the given order, in the partner's shape."""
    return {
        "salutation": SALUTATIONS[title],
        "last_name": last_name,
        "first_name": first_name,
        "email": email,
        "purchases": [purchase_document(purchase, currency_names) for purchase in purchases],
    }
