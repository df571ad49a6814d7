"""What inflight's tests share: files as an aircraft hands them over, and the way out to the partner."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from inflight.models import Delivery, ImportRun
from inflight.services.deliveries import deliver, start_delivery
from inflight.services.imports import import_files
from tests.fakes.checking_partner import Certificates, CheckingPartner

CUSTOMER_HEADER = "customer_id;title;lastname;firstname;postal_code;city;email"
PURCHASE_HEADER = "purchase_identifier;customer_id;product_id;quantity;price;currency;date"
CUSTOMERS = [
    CUSTOMER_HEADER,
    "1;2;Norris;Chuck;83600;Fréjus;chuck@norris.com",
    "2;1;Galante;Marie;06400;Cannes;m@fr.fr",
]
PURCHASES = [
    PURCHASE_HEADER,
    "2/01;1;4324;1;10;EUR;2024-11-04",
    "2/02;1;0071;2;91.2;USD;2024-11-03",
    "2/03;2;0071;1;0;EUR;2024-11-03",
]

Import = Callable[..., ImportRun]
PartnerT = TypeVar("PartnerT", bound=CheckingPartner)


class StartPartner(Protocol):
    """The fixture `start`."""

    def __call__(self, partner: PartnerT, **changes: Any) -> PartnerT: ...


def counts(read: int = 0, **others: int) -> dict[str, int]:
    """Return a run's counts of one file."""
    none = dict.fromkeys(("read", "inserted", "updated", "unchanged", "rejected", "skipped"), 0)
    return none | {"read": read} | others


def send(only: str = "all", seconds: float = 1.0) -> Delivery:
    """Start a delivery and go on with it, for so long."""
    delivery, _ = start_delivery(only=only)
    return deliver(delivery, seconds=seconds)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority that no machine knows, and a certificate of ours that it signed."""
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def start(settings: Any) -> Iterator[StartPartner]:
    """Start a partner that checks who calls; settings point to it, and hold these values."""
    with ExitStack() as stack:

        def start(partner: PartnerT, **changes: Any) -> PartnerT:
            stack.enter_context(partner)
            for name, value in (partner.settings | changes).items():
                setattr(settings, name, value)
            return partner

        yield start


@pytest.fixture(autouse=True)
def _import_folders(settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_ROOTS = [tmp_path]
    settings.IMPORT_UPLOADS = str(tmp_path / "uploads")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write lines (or bytes) as a file and return its path."""

    def write(name: str, content: list[str] | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else ("\n".join(content) + "\n").encode())
        return str(path)

    return write


@pytest.fixture
def do_import(write: Callable[..., str]) -> Import:
    """Import the given lines; without any, two customers and three purchases."""

    def do_import(
        customers: list[str] | bytes = CUSTOMERS, purchases: list[str] | bytes = PURCHASES, *, dry_run: bool = False
    ) -> ImportRun:
        return import_files(
            customers_path=write("customers.csv", customers),
            purchases_path=write("purchases.csv", purchases),
            roots=None,
            dry_run=dry_run,
        )

    return do_import
