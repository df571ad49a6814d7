"""Entries in the admin: what waits, what was refused, publishing again."""

import pytest
from django.test import Client

from ingest.admin import SEARCHED
from ingest.models import DataEntry
from tests.factories_ingest import DataEntryFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/ingest/dataentry/"


@pytest.mark.parametrize("state", ["waiting", "refused", "published"])
def test_entries_are_filtered_by_how_far_they_got(admin_client: Client, state: str) -> None:
    DataEntryFactory()
    DataEntryFactory(refused=True)
    DataEntryFactory(published=True)
    page = admin_client.get(LIST, {"state": state})
    assert f">{state}</span>" in page.content.decode()
    assert page.context["cl"].result_count == 1


@pytest.mark.parametrize("refused_only", [True, False])
def test_refused_entries_are_published_again(admin_client: Client, refused_only: bool) -> None:
    refused, waiting = DataEntryFactory(refused=True), DataEntryFactory()
    if refused_only:
        answer = admin_client.post(f"{LIST}{refused.pk}/publish_again/", follow=True)
    else:
        chosen = {"action": "publish_again", "_selected_action": [refused.pk, waiting.pk]}
        answer = admin_client.post(LIST, chosen, follow=True)
    assert "1 refused entries are waiting for Kafka again" in answer.content.decode()
    refused.refresh_from_db()
    assert refused.refusal == ""


def test_the_page_shows_the_key_and_the_headers(admin_client: Client) -> None:
    entry = DataEntryFactory(key="seat-14C", headers={"source": "pos-7"})
    page = admin_client.get(f"{LIST}{entry.pk}/change/").content.decode()
    assert "seat-14C" in page
    assert "&quot;source&quot;: &quot;pos-7&quot;" in page


def test_the_list_shows_the_beginning_of_a_content_and_the_page_all_of_it(admin_client: Client) -> None:
    entry = DataEntryFactory(content={"text": "é" * 500})
    assert "é" * 100 not in admin_client.get(LIST).content.decode()
    assert "é" * 500 in admin_client.get(f"{LIST}{entry.pk}/change/").content.decode()


def test_an_entry_is_found_by_its_number_and_by_a_text_in_the_newest(admin_client: Client) -> None:
    old = DataEntryFactory(content="needle of long ago")
    newest = DataEntryFactory(pk=old.pk + SEARCHED, content="needle")

    def found(sought: str) -> list[int]:
        return [entry.pk for entry in admin_client.get(LIST, {"q": sought}).context["cl"].result_list]

    assert found("needle") == [newest.pk]
    assert found(str(old.pk)) == [old.pk]
    assert DataEntry.objects.count() == 2
