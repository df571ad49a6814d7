"""Commands: an act of who started them, told apart by the system's user and the host; what runs by itself is nobody's act."""

import os
import pwd
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.utils import timezone

from config.access import clients
from config.access.acts import NO_ACTS, command_as_act
from config.access.scopes import Scope
from config.access.throttling import Kind, Subject
from config.models import ApiClient, AuditEntry, FailedAttempts
from inflight.models import Delivery
from inflight.services.deliveries import deliver_due, start_delivery
from inflight.services.people import erase_customer
from metadata_registry.exchange import export_lines
from tests.audit.entries import acts, entries
from tests.factories import CustomerFactory
from tests.factories_catalog import ProductFactory
from tests.factories_ingest import DataEntryFactory
from tests.factories_metadata_registry import MetadataFactory
from tests.fakes.offers import Offers

pytestmark = pytest.mark.django_db

HOUSE = ("config", "inflight", "catalog", "metadata_registry", "ingest", "compute")
# export_metadata tells nothing of passengers.
SILENT = {"export_metadata"}


def run(name: str, *args: str) -> None:
    """Run a command as manage.py does."""
    with command_as_act(["manage.py", name, *args]), suppress(SystemExit):
        call_command(name, *args, stdout=StringIO(), stderr=StringIO())


def erased() -> str:
    customer = str(CustomerFactory().pk)
    erase_customer(customer, requested_by="")
    return customer


def exported(house: Path) -> str:
    metadata = MetadataFactory()
    lines = b"".join(export_lines())
    (house / "registry").write_bytes(lines.replace(str(metadata.pk).encode(), b"01a2013a-35fa-7340-9747-f056543e763f"))
    return str(house / "registry")


def products_file(house: Path) -> str:
    (house / "products").write_text("sku;name;category;description\n96385074;A;;\n")
    return str(house / "products")


def refused() -> str:
    return str(DataEntryFactory(refused=True).pk)


def a_client() -> ApiClient:
    return clients.create_client(name="till", scopes=[Scope.DATA_WRITE])[0]


def blocked() -> str:
    account = Subject(Kind.ACCOUNT, "ana")
    FailedAttempts.objects.create(
        kind=account.kind, key=account.key, count=9, failed_at=timezone.now(), last_at=timezone.now()
    )
    return "ana"


ACTS: dict[str, tuple[str, str, Callable[[Path], list[str]]]] = {  # the command, what is recorded, and its arguments
    "import_csv": ("import_csv", "import_files", lambda house: [f"{house}/customers.csv", f"{house}/purchases.csv"]),
    "import_products": ("import_products", "import_files", lambda house: [products_file(house)]),
    "erase_customer": ("erase_customer", "erase_customer", lambda _: [str(CustomerFactory().pk)]),
    "readmit": ("erase_customer", "readmit_customer", lambda _: [erased(), "--readmit"]),
    "import_metadata": ("import_metadata", "import_metadata", lambda house: [exported(house)]),
    "refresh_offers": ("refresh_offers", "refresh_offers", lambda _: []),
    "issue_token": ("issue_token", "issue_token", lambda _: ["--sub", "ana", "--days", "3", "--scope", "compute:run"]),
    "new-key": ("api_client", "make_key", lambda _: ["new-key", a_client().name]),
    "revoke": ("api_client", "revoke_client", lambda _: ["revoke", a_client().name]),
    "revoke --key": (
        "api_client",
        "revoke_key",
        lambda _: ["revoke", (it := a_client()).name, "--key", f"{it.keys.get()}"],
    ),
    "lift_block": ("lift_block", "lift_block", lambda _: [blocked()]),
    "relay_data": ("relay_data", "publish_again", lambda _: [refused(), "--retry-refused"][1:]),
    "send_test_alert": ("send_test_alert", "send_test_alert", lambda _: []),
}


@pytest.fixture
def outside(settings: Any) -> Iterator[None]:
    settings.JWT_KEY, settings.ALERT_EMAILS = "a secret of thirty-two bytes or more", ["ana@x.fr"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with Offers() as offers:
        settings.OFFERS_BASE_URL = offers.base_url
        yield


@pytest.mark.parametrize("case", ACTS)
@pytest.mark.usefixtures("outside")
def test_a_command_leaves_exactly_its_record(case: str, house: Path) -> None:
    name, act, arguments = ACTS[case]
    given = arguments(house)
    assert entries() == []

    run(name, *given)

    (entry,) = AuditEntry.objects.all()
    user = pwd.getpwuid(os.getuid()).pw_name
    assert (entry.actor_type, entry.actor, entry.address, entry.act) == ("command", user, socket.gethostname(), act)
    assert entry.details["command"] == name
    assert "eyJ" not in str(entry.details), "no token"


def test_a_client_that_is_made_leaves_its_record_and_that_of_its_first_key() -> None:
    run("api_client", "create", "till", "--scope", "data:write")
    assert acts() == ["create_apiclient", "make_key"]
    key = ApiClient.objects.get().keys.get()
    assert AuditEntry.objects.get(act="make_key").details["key"] == str(key), "how it begins, and no more"


def test_a_command_that_fails_leaves_none() -> None:
    for arguments in (["erase_customer", "nobody"], ["import_csv", "/none.csv", "/none.csv"]):
        with pytest.raises(CommandError):
            run(*arguments)
    assert entries() == []


def test_an_import_that_is_sent_too_leaves_both(house: Path) -> None:
    run("import_csv", f"{house}/customers.csv", f"{house}/purchases.csv", "--send")
    assert acts() == ["import_files", "start_delivery"]


def test_djangos_own_commands_that_change_people_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a good long one")
    run("createsuperuser", "--noinput", "--username", "olga", "--email", "o@x.fr")
    (entry,) = AuditEntry.objects.all()
    assert (entry.act, entry.object_name, entry.details) == ("create_user", "olga", {"command": "createsuperuser"})
    assert entry.changes["password"] == entry.changes["email"] == ["(hidden)", "(hidden)"]


def test_what_a_worker_does_is_nobodys_act() -> None:
    CustomerFactory()
    with command_as_act(["manage.py", "run_worker"]):
        start_delivery()
        deliver_due()
        ProductFactory()
    assert Delivery.objects.get().status == "delivered"
    assert entries() == []


def test_every_command_of_ours_is_in_one_of_the_lists() -> None:
    ours = {name for name, app in get_commands().items() if app in HOUSE}
    assert ours - NO_ACTS - SILENT == {name for name, _, _ in ACTS.values()}
