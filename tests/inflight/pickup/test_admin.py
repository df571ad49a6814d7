"""The admin's list of pickups."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from inflight.models import Pickup
from tests.inflight.pickup.conftest import Drop, look

pytestmark = pytest.mark.django_db

LIST = "/admin/inflight/pickup/"


def page(address: str = LIST) -> str:
    client = Client()
    client.force_login(User.objects.get_or_create(username="olga", is_staff=True, is_superuser=True)[0])
    return " ".join(client.get(address).content.decode().split())


def test_without_an_inbox_the_list_says_what_to_do(settings: Any) -> None:
    settings.IMPORT_INBOX = ""
    assert "There is no inbox. Set <code>IMPORT_INBOX</code>" in page()


def test_with_an_inbox_the_list_says_where_files_go(inbox: Path) -> None:
    text = page()
    assert f"<code>{inbox}</code>" in text
    assert "*customers*.csv*" in text
    assert "*purchases*.csv*" in text


def test_a_pickup_leads_to_its_import_and_its_delivery(inbox: Path, drop: Drop) -> None:
    drop("AF12-")
    [pickup] = look(inbox, then_send=True).ended
    for text in (page(), page(f"{LIST}{pickup.pk}/change/")):
        assert f"/admin/inflight/importrun/{pickup.run_id}/change/" in text
        assert f"/admin/inflight/delivery/{pickup.delivery_id}/change/" in text
        assert "AF12-purchases.csv" in text


def test_the_list_says_what_a_file_waits_for(inbox: Path, drop: Drop) -> None:
    drop("AF12-")
    (inbox / "AF12-purchases.csv").unlink()
    look(inbox)
    assert "AF12-customers.csv waits for its purchases file" in page()
    assert Pickup.objects.count() == 1
