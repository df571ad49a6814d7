"""Picking up from a folder: what is taken, when, and where it goes."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from django_q.models import OrmQ, Schedule

from inflight.models import Customer, Delivery, ImportRun, Pickup
from inflight.services.deliveries import deliver_due
from inflight.services.pickup import MOST_ATTEMPTS, PICK_UP_TASK, pick_up
from tests.factories import CustomerFactory
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMER_HEADER, CUSTOMERS, PURCHASE_HEADER, PURCHASES, counts
from tests.inflight.pickup.conftest import Drop, let_time_pass, look, names, run_of
from tests.sessions import lock_held_elsewhere

pytestmark = pytest.mark.django_db

BAD_PURCHASES = [*PURCHASES, "2/04;9;4324;1;10;EUR;2024-11-04"]


def test_a_pair_is_imported_and_moved_to_done(inbox: Path, drop: Drop) -> None:
    drop("AF12-")
    [pickup] = look(inbox).ended
    assert (pickup.status, run_of(pickup).status) == ("done", "completed")
    assert run_of(pickup).requested_by == f"pickup {pickup.pk}"
    assert Customer.objects.count() == 2
    assert names(inbox) == []
    assert names(inbox / "done") == ["AF12-customers.csv", "AF12-purchases.csv"]


def test_no_copy_is_left_on_this_machine(inbox: Path, drop: Drop, tmp_path: Path) -> None:
    drop()
    look(inbox)
    assert list((tmp_path / "uploads").iterdir()) == []


def test_without_a_mark_a_pair_is_taken_once_it_lay_still(inbox: Path, drop: Drop) -> None:
    drop(marked=False)
    assert look(inbox).ended == look(inbox).ended == []
    let_time_pass()
    assert [pickup.status for pickup in look(inbox).ended] == ["done"]


def test_a_file_that_grows_is_not_taken(inbox: Path, drop: Drop) -> None:
    drop(marked=False)
    look(inbox)
    let_time_pass()
    with (inbox / "purchases.csv").open("a") as file:
        file.write("2/09;1;4324;1;10;EUR;2024-11-04\n")
    assert look(inbox).ended == []
    let_time_pass()
    assert run_of(look(inbox).ended[0]).purchases == counts(4, inserted=4)


def test_a_mark_that_is_older_than_its_file_does_not_count(inbox: Path, drop: Drop) -> None:
    drop()
    for mark in inbox.glob("*.done"):
        os.utime(mark, (1, 1))
    assert look(inbox).ended == []


def test_a_mark_for_one_of_the_files_does_not_do(inbox: Path, drop: Drop) -> None:
    drop()
    (inbox / "customers.csv.done").unlink()
    assert look(inbox).ended == []


def test_a_file_waits_for_its_other_one(inbox: Path, drop: Drop) -> None:
    drop("a-")
    (inbox / "a-purchases.csv").rename(inbox / "b-purchases.csv")
    look(inbox)
    let_time_pass()
    assert look(inbox).ended == []
    assert {pickup.key: pickup.names for pickup in Pickup.objects.all()} == {
        "a-*.csv": ["a-customers.csv"],
        "b-*.csv": ["b-purchases.csv"],
    }


def test_what_is_taken_away_before_it_is_whole_is_forgotten(inbox: Path, drop: Drop) -> None:
    drop(marked=False)
    look(inbox)
    (inbox / "customers.csv").unlink()
    (inbox / "purchases.csv").unlink()
    look(inbox)
    assert not Pickup.objects.exists()


def test_the_same_bytes_again_are_imported_before_and_nothing_is_sent(
    inbox: Path, drop: Drop, partner: Partner
) -> None:
    drop("monday-")
    [first] = look(inbox, then_send=True).ended
    deliver_due()
    drop("tuesday-")
    [again] = look(inbox, then_send=True).ended
    assert (again.status, again.run, again.delivery) == ("repeated", first.run, None)
    assert (ImportRun.objects.count(), Delivery.objects.count(), len(partner.received)) == (1, 1, 1)
    assert len(names(inbox / "done")) == 4


def test_a_name_that_is_taken_gets_the_number_of_the_pickup(inbox: Path, drop: Drop) -> None:
    for _ in range(2):
        drop()
        [pickup] = look(inbox).ended
    number = pickup.pk
    assert names(inbox / "done") == sorted(
        ["customers.csv", "purchases.csv", f"{number}-customers.csv", f"{number}-purchases.csv"]
    )


def test_rejects_lie_beside_the_files(inbox: Path, drop: Drop) -> None:
    drop("AF12-", purchases=BAD_PURCHASES)
    [pickup] = look(inbox).ended
    assert (pickup.status, run_of(pickup).status) == ("done", "completed_with_rejects")
    assert names(inbox / "done") == ["AF12-customers.csv", "AF12-purchases.csv", "AF12-rejects.csv"]
    header, reject = (inbox / "done" / "AF12-rejects.csv").read_text().splitlines()
    assert header.startswith("file;line;reasons;")
    assert reject.startswith("purchases;5;customer_id: '9' is neither")


def test_a_pair_whose_rows_are_all_rejected_goes_to_failed_with_its_rejects(inbox: Path, drop: Drop) -> None:
    drop(
        "AF12-", customers=[CUSTOMER_HEADER, "1;9;;;;;"], purchases=[PURCHASE_HEADER, "1/01;1;P;none;1;EUR;2024-01-01"]
    )
    [pickup] = look(inbox).ended
    assert (pickup.status, run_of(pickup).status) == ("failed", "completed_with_rejects")
    assert names(inbox / "failed") == ["AF12-customers.csv", "AF12-error.txt", "AF12-purchases.csv", "AF12-rejects.csv"]
    assert "Every row was rejected" in (inbox / "failed" / "AF12-error.txt").read_text()


def test_a_pair_that_could_not_be_taken_is_imported_when_it_can_be(inbox: Path, drop: Drop) -> None:
    early = [CUSTOMER_HEADER], [PURCHASE_HEADER, "1/01;1;P;1;1;EUR;2024-01-01"]  # whose customer comes later
    drop("AF12-", customers=early[0], purchases=early[1])
    assert [pickup.status for pickup in look(inbox).ended] == ["failed"]
    CustomerFactory(customer_id="1")
    drop("AF12-", customers=early[0], purchases=early[1])
    [pickup] = look(inbox).ended
    assert (pickup.status, run_of(pickup).purchases) == ("done", counts(read=1, inserted=1))


def test_what_cannot_be_imported_goes_to_failed_with_the_reason(inbox: Path, drop: Drop) -> None:
    drop("AF12-", purchases=["a;b", "1;2"])
    [pickup] = look(inbox).ended
    assert pickup.status == "failed"
    assert names(inbox) == names(inbox / "done") == []
    assert names(inbox / "failed") == ["AF12-customers.csv", "AF12-error.txt", "AF12-purchases.csv"]
    reason = (inbox / "failed" / "AF12-error.txt").read_text()
    assert "AF12-customers.csv and AF12-purchases.csv were not imported" in reason
    assert "AF12-purchases.csv lacks the columns" in reason
    assert "uploads" not in reason, "paths of this machine are nobody's business"


def test_a_pair_that_failed_does_not_stop_the_others(inbox: Path, drop: Drop) -> None:
    drop("a-", purchases=["nothing"])
    drop("b-")
    assert [pickup.status for pickup in look(inbox).ended] == ["failed", "done"]


def test_a_pair_that_is_too_large_fails(inbox: Path, drop: Drop, settings: Any) -> None:
    settings.IMPORT_MAX_UPLOAD = 100
    drop()
    [pickup] = look(inbox).ended
    assert "may have at most 100 (IMPORT_MAX_UPLOAD)" in pickup.error


def test_a_link_is_not_followed(inbox: Path, drop: Drop, tmp_path: Path) -> None:
    drop()
    secret = tmp_path / "secret"
    (inbox / "customers.csv").rename(secret)
    (inbox / "customers.csv").symlink_to(secret)
    look(inbox)
    let_time_pass()
    assert look(inbox).ended == []


@pytest.mark.django_db(transaction=True)
def test_a_pair_waits_while_another_import_is_under_way(inbox: Path, drop: Drop) -> None:
    drop()
    with lock_held_elsewhere("import"):
        first = look(inbox)
    assert (first.ended, first.is_to_be_continued) == ([], True)
    assert look(inbox).ended[0].attempts == 1, "waiting is no attempt"


@pytest.mark.django_db(transaction=True)
def test_only_one_process_looks_at_a_time(inbox: Path, drop: Drop) -> None:
    drop()
    with lock_held_elsewhere(f"pickup-{hashlib.sha256(str(inbox).encode()).hexdigest()[:16]}"):
        assert look(inbox).ended == []
    assert len(look(inbox).ended) == 1


def test_an_import_that_never_comes_to_an_end_is_given_up(inbox: Path, drop: Drop) -> None:
    drop(marked=False)
    look(inbox)
    Pickup.objects.update(status="importing", attempts=MOST_ATTEMPTS)
    [pickup] = look(inbox).ended
    assert (pickup.status, pickup.error.startswith("The import was begun 10 times")) == ("failed", True)
    assert not ImportRun.objects.exists()


def test_a_worker_looks_again_soon_while_something_waits(inbox: Path, drop: Drop) -> None:
    drop(marked=False)
    pick_up()
    pick_up()
    assert Schedule.objects.filter(func=PICK_UP_TASK, schedule_type="O").count() == 1
    assert not OrmQ.objects.exists()


def test_without_an_inbox_nothing_happens(settings: Any) -> None:
    settings.IMPORT_INBOX = ""
    pick_up()
    assert not Pickup.objects.exists()


def test_an_inbox_that_is_gone_is_looked_for_again(inbox: Path, drop: Drop) -> None:
    inbox.rename(inbox.parent / "away")
    assert look(inbox).ended == []
    (inbox.parent / "away").rename(inbox)
    drop()
    assert len(look(inbox).ended) == 1


def test_files_of_the_same_name_that_come_during_the_import_stay_for_the_next_look(inbox: Path, drop: Drop) -> None:
    drop()
    look(inbox)
    pickup = Pickup.objects.get()
    pickup.status = "moving"  # as if it had been killed before the files were moved
    pickup.save()
    drop(customers=[*CUSTOMERS, "3;2;New;Nina;;;"])
    assert [each.status for each in look(inbox).ended] == ["done", "done"]
    assert Customer.objects.count() == 3
    assert CUSTOMERS[-1] in (inbox / "done" / "customers.csv").read_text()


def test_a_name_that_is_not_utf8_is_left_and_named_in_the_log(inbox: Path, drop: Drop, caplog: Any) -> None:
    for kind in (b"customers", b"purchases"):
        Path(os.fsdecode(os.fsencode(inbox) + b"/AF\xe9-" + kind + b".csv")).write_text("x")
    drop()
    assert [pickup.status for pickup in look(inbox).ended] == ["done"]
    assert r"not UTF-8: 'AF\udce9-customers.csv'" in caplog.text
    assert len(names(inbox)) == 2


def test_files_that_cannot_be_moved_do_not_stop_the_others_and_are_moved_later(
    inbox: Path, drop: Drop, caplog: Any
) -> None:
    (inbox / "failed").write_text("in the way")
    drop("a-", purchases=["nothing"])
    drop("b-")
    assert [pickup.names[0] for pickup in look(inbox).ended] == ["b-customers.csv"]
    assert look(inbox).ended == []
    assert Pickup.objects.get(status="moving").error
    assert Pickup.objects.count() == 2, "they are not found anew"
    assert "cannot be moved" in caplog.text
    (inbox / "failed").unlink()
    assert [pickup.status for pickup in look(inbox).ended] == ["failed"]
