"""An erasure waits for whoever looks into the inbox, and for nobody who has died."""

from pathlib import Path
from typing import Any

import pytest

from inflight.exceptions import ErasureMustWait
from inflight.models import Customer, Erasure, Pickup
from inflight.services import imports, people
from inflight.services.inboxes import absolute, looking_into
from inflight.services.people import erase_customer, readmit_customer
from inflight.services.pickup import Look
from tests.factories import CustomerFactory
from tests.inflight.conftest import CUSTOMER_HEADER
from tests.inflight.pickup.conftest import Drop, look, names
from tests.sessions import held_elsewhere

pytestmark = pytest.mark.django_db(transaction=True)

BAD_CUSTOMERS = [
    CUSTOMER_HEADER,
    "1;2;Norris;Chuck;83600;Fréjus;chuck@norris.com",
    "2;9;Norris;Bad;;;",
    "3;1;Galante;Marie;;;",
]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "WAIT_SECONDS", 0.2)


def die(*_: Any, **__: Any) -> None:
    raise SystemExit


def killed(inbox: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, step: str) -> None:
    """Look into an inbox, and end as a killed process does, at this step."""
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, die)
        with pytest.raises(SystemExit):
            look(inbox)


@pytest.mark.parametrize("status", ["", "importing", "moving"])
def test_an_erasure_waits_for_whoever_looks_into_the_inbox(inbox: Path, status: str) -> None:
    CustomerFactory(customer_id="1")
    if status:
        Pickup.objects.create(inbox=absolute(str(inbox)), key="*.csv", status=status)
    with (
        held_elsewhere(looking_into(str(inbox), wait_seconds=0)),
        pytest.raises(ErasureMustWait, match="being imported or moved"),
    ):
        erase_customer("1", requested_by="")
    erase_customer("1", requested_by="")


def test_an_erasure_waits_for_a_look_into_another_inbox_and_not_for_one_whose_process_died(tmp_path: Path) -> None:
    CustomerFactory(customer_id="1")
    place = absolute(str(tmp_path / "other"))
    Pickup.objects.create(inbox=place, key="*.csv", status="importing")
    with held_elsewhere(looking_into(place, wait_seconds=0)), pytest.raises(ErasureMustWait, match="of an inbox"):
        erase_customer("1", requested_by="")
    erase_customer("1", requested_by="")


@pytest.mark.parametrize(("owner", "step"), [(imports, "import_files"), (Look, "_move")], ids=["importing", "moving"])
def test_what_a_killed_look_has_begun_neither_stops_an_erasure_nor_brings_the_person_back(
    inbox: Path, drop: Drop, monkeypatch: pytest.MonkeyPatch, owner: Any, step: str
) -> None:
    CustomerFactory(customer_id="1")
    drop(customers=BAD_CUSTOMERS)
    killed(inbox, monkeypatch, owner, step)
    erase_customer("1", requested_by="")
    [pickup] = look(inbox).ended
    assert pickup.status == "done"
    assert not Customer.objects.filter(pk="1").exists()
    assert names(inbox) == []
    if step == "_move":
        assert Erasure.objects.get().erased["inbox_files"] == 2
        assert "Chuck" not in "".join(file.read_text() for file in (inbox / "done").iterdir())


def test_the_same_pair_brings_back_who_was_erased_and_admitted_again(inbox: Path, drop: Drop) -> None:
    drop("a-")
    look(inbox)
    erase_customer("1", requested_by="")
    drop("b-")
    assert [pickup.status for pickup in look(inbox).ended] == ["repeated"]
    assert readmit_customer("1") == 1
    drop("c-")
    assert [pickup.status for pickup in look(inbox).ended] == ["done"]
    assert Customer.objects.filter(pk="1").exists()


def test_files_that_nothing_was_imported_of_are_not_deleted_and_an_erasure_names_them(inbox: Path, drop: Drop) -> None:
    CustomerFactory(customer_id="1")
    drop("AF1-", customers=["no;header"])
    assert [pickup.status for pickup in look(inbox).ended] == ["failed"]
    failed = sorted(path.name for path in (inbox / "failed").iterdir())
    with pytest.raises(ErasureMustWait, match=r"failed/ of the inbox were not imported.*AF1-customers\.csv"):
        erase_customer("1", requested_by="")
    assert sorted(path.name for path in (inbox / "failed").iterdir()) == failed
    assert Customer.objects.filter(pk="1").exists()
    for path in (inbox / "failed").iterdir():
        path.unlink()
    erase_customer("1", requested_by="")
    assert not Customer.objects.exists()
