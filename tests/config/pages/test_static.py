"""Static files: ready without a step on a desk, to be cached for good where they were collected."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.test import Client

pytestmark = pytest.mark.django_db
STYLES = re.compile(r'href="(/static/apron/apron[^"]*\.css)"')


@pytest.fixture(autouse=True)
def _empty_folder(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = dict(configured.STORAGES)  # has Django make the storage anew


def styles() -> tuple[str, str]:
    """Return the address of the styles that the landing page asks for, and how long they may be kept."""
    client = Client()
    found = STYLES.search(client.get("/").content.decode())
    assert found
    answer = client.get(found[1])
    answer.getvalue()  # a file is closed once it is sent
    assert answer.status_code == 200
    return found[1], answer["Cache-Control"]


def test_on_a_desk_they_are_served_as_they_are() -> None:
    assert styles() == ("/static/apron/apron.css", "max-age=60, public")


def test_collected_they_have_a_hash_in_their_names_and_are_kept_for_good() -> None:
    call_command(
        "collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin", "drf_*", "rest_*", "unfold"]
    )
    address, kept = styles()
    assert re.fullmatch(r"/static/apron/apron\.[0-9a-f]{12}\.css", address)
    assert "immutable" in kept
