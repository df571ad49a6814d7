"""The registry's admin: people search, read, register, delete and restore, and the history says who."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metadata_registry import services
from metadata_registry.models import Metadata
from tests.factories_metadata_registry import PAYLOAD, MetadataFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/metadata_registry/metadata/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    return client


def history(metadata: Metadata) -> list[tuple[str, str]]:
    return list(metadata.events.order_by("id").values_list("action", "by"))


@pytest.mark.parametrize("by", ["name", "id", "payload"])
def test_search_finds_by(admin: Client, by: str) -> None:
    wanted = MetadataFactory(name="Wanted", payload='{"sourceName": "needle"}')
    MetadataFactory(name="Other")
    text = {"name": "want", "id": str(wanted.pk), "payload": "needle"}[by]
    page = admin.get(LIST, {"q": text}).content.decode()
    assert "Wanted" in page
    assert "Other" not in page


def test_payload_is_shown_indented(admin: Client) -> None:
    metadata = MetadataFactory(payload='{"sourceName":"<s>"}')
    page = admin.get(f"{LIST}{metadata.pk}/change/").content.decode()
    assert "<pre>{\n  &quot;sourceName&quot;: &quot;&lt;s&gt;&quot;\n}</pre>" in page


def difference(admin: Client, record: Metadata, query: str = "") -> str:
    answer = admin.get(f"{LIST}{record.pk}/compare/{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_record_is_compared_with_the_one_before_of_its_name(admin: Client) -> None:
    first, _, second = (
        MetadataFactory(name=name, payload=payload)
        for name, payload in [
            ("a", '{"sourceName":"<s>","partitioning":"p"}'),
            ("b", PAYLOAD),
            ("a", '{ "partitioning": "q", "sourceName": "<s>" }'),
        ]
    )
    page = difference(admin, second)
    assert '<span class="removed">-  &quot;partitioning&quot;: &quot;p&quot;,\n</span>' in page
    assert '<span class="added">+  &quot;partitioning&quot;: &quot;q&quot;,\n</span>' in page
    assert '<span class="equal">   &quot;sourceName&quot;: &quot;&lt;s&gt;&quot;\n</span>' in page
    address = f"{LIST}{second.pk}/compare/?with={first.pk}"
    assert address in admin.get(f"{LIST}{second.pk}/change/").content.decode()
    assert "There is no record of this name before this one." in difference(admin, first)


def test_two_chosen_records_of_a_name_are_compared(admin: Client) -> None:
    first, _, third, other = (MetadataFactory(name=name) for name in "aaab")
    chosen = {"action": "compare", "_selected_action": [third.pk, first.pk]}
    answer = admin.post(LIST, chosen)
    assert answer.headers["Location"] == f"{LIST}{third.pk}/compare/?with={first.pk}"
    assert "The payloads are equal." in difference(admin, third, f"?with={first.pk}")
    for pair in ([first.pk], [first.pk, other.pk]):
        page = admin.post(LIST, {"action": "compare", "_selected_action": pair}, follow=True).content.decode()
        assert "Choose two records of the same name." in page


def test_numbers_are_compared_and_shown_with_all_their_digits(admin: Client) -> None:
    numbers = ("123456789012345678901234567890", "123456789012345678901234567891")
    _, second = (MetadataFactory(name="a", payload=f'{{"sourceName":"s","n":{number}}}') for number in numbers)
    page = difference(admin, second)
    assert [number in page for number in numbers] == [True, True]
    assert numbers[1] in admin.get(f"{LIST}{second.pk}/change/").content.decode()


@pytest.mark.parametrize("other", ["nonsense", "01890000-0000-7000-8000-000000000000", "of another name"])
def test_what_cannot_be_compared_is_not_there(admin: Client, other: str) -> None:
    record, another = MetadataFactory(name="a"), MetadataFactory(name="b")
    query = {"with": str(another.pk) if other == "of another name" else other}
    assert admin.get(f"{LIST}{record.pk}/compare/", query).status_code == 404


def test_payloads_that_are_too_long_are_not_compared(admin: Client) -> None:
    for number in range(2):
        long = MetadataFactory(name="a", payload=f'{{"sourceName": "s", "list": {list(range(number, 6000))}}}')
    assert "too long to compare here" in difference(admin, long)


def test_record_cannot_be_edited(admin: Client) -> None:
    metadata = MetadataFactory(name="before")
    assert admin.post(f"{LIST}{metadata.pk}/change/", {"name": "after"}).status_code == 403
    metadata.refresh_from_db()
    assert metadata.name == "before"


def test_adding_registers_under_the_login(admin: Client) -> None:
    inline = {"events-TOTAL_FORMS": "0", "events-INITIAL_FORMS": "0"}
    response = admin.post(f"{LIST}add/", {"name": "n", "payload": f" {PAYLOAD}\n", **inline})
    assert response.status_code == 302
    metadata = Metadata.objects.get()
    assert metadata.payload == f" {PAYLOAD}\n"
    assert history(metadata) == [("created", "ada")]


def test_adding_checks_the_payload(admin: Client) -> None:
    response = admin.post(f"{LIST}add/", {"name": "n", "payload": '{"sourceName": 1}'})
    assert "sourceName: 1 is not of type" in response.content.decode()
    assert not Metadata.objects.exists()


def test_deleting_leaves_a_tombstone(admin: Client) -> None:
    metadata = MetadataFactory()
    admin.post(f"{LIST}{metadata.pk}/delete/", {"post": "yes"})
    metadata.refresh_from_db()
    assert metadata.deleted_at is not None
    assert history(metadata)[-1] == ("deleted", "ada")


def test_deleting_several_leaves_tombstones(admin: Client) -> None:
    both = [MetadataFactory(), MetadataFactory()]
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [m.pk for m in both], "post": "yes"})
    assert Metadata.objects.filter(deleted_at__isnull=False).count() == 2


def test_restoring_a_deleted_one(admin: Client) -> None:
    metadata = MetadataFactory()
    services.delete_metadata(str(metadata.pk), by="test")
    assert str(metadata.pk) not in admin.get(LIST).content.decode()
    assert str(metadata.pk) in admin.get(f"{LIST}?deleted=true").content.decode()
    admin.post(f"{LIST}?deleted=true", {"action": "restore", "_selected_action": [metadata.pk]})
    metadata.refresh_from_db()
    assert metadata.deleted_at is None
    assert history(metadata)[-1] == ("restored", "ada")


def test_a_deleted_one_is_restored_from_its_page_and_not_deleted_twice(admin: Client) -> None:
    metadata = MetadataFactory()
    services.delete_metadata(str(metadata.pk), by="test")
    path = f"{LIST}{metadata.pk}/"
    page = admin.get(f"{path}change/").content.decode()
    assert (f"{path}restore/" in page, f"{path}delete/" in page) == (True, False)
    admin.post(f"{path}restore/")
    metadata.refresh_from_db()
    assert metadata.deleted_at is None
    page = admin.get(f"{path}change/").content.decode()
    assert (f"{path}restore/" in page, f"{path}delete/" in page) == (False, True)


def test_what_happened_is_listed_and_leads_to_the_record(admin: Client) -> None:
    metadata = MetadataFactory(name="Wanted")
    page = admin.get("/admin/metadata_registry/metadataevent/", {"q": str(metadata.pk)}).content.decode()
    assert f'<a href="{LIST}{metadata.pk}/change/">Wanted</a>' in page
