"""Folders of their own, and a partner, for acts of all apps."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.audit.entries import ADDRESS, REQUEST_ID
from tests.audit.pages import PASSWORD
from tests.fakes.partner import Partner
from tests.inflight.conftest import CUSTOMERS, PURCHASES


@pytest.fixture(autouse=True)
def house(settings: Any, tmp_path: Path, partner: Partner) -> Path:
    """A folder with the files that acts are about. Nobody waits for jobs."""
    settings.COMPUTE_ROOT, settings.COMPUTE_WAITERS = str(tmp_path / "compute"), 0
    settings.IMPORT_ROOTS, settings.IMPORT_UPLOADS = [tmp_path], str(tmp_path / "uploads")
    (tmp_path / "compute" / "results").mkdir(parents=True)
    for name in ("table.csv", "results/x.csv"):
        (tmp_path / "compute" / name).write_text("a,b\n1,2\n")
    for name, lines in (("customers.csv", CUSTOMERS), ("purchases.csv", PURCHASES)):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def client() -> Client:
    """The browser of a superuser, from an address, with a request id."""
    client = Client(REMOTE_ADDR=ADDRESS, HTTP_X_REQUEST_ID=REQUEST_ID)
    client.force_login(User.objects.create_superuser("olga", password=PASSWORD))
    return client
