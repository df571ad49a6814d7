"""What lists and rows' pages show: names, sentences and numbers in the reader's form, and nothing for what is not there."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone, translation
from django_q.models import Schedule

from config.core.kept_texts import translated
from config.models import Alert, AuditEntry, FailedAttempts, SavedFilter
from inflight.models import Delivery, DeliveryAttempt, Purchase
from ingest.models import DataEntry
from tests.rows import make_rows

pytestmark = pytest.mark.django_db

ALONE = "It is retried automatically; nobody needs to act unless this lasts."
FRENCH = {"HTTP_ACCEPT_LANGUAGE": "fr"}


def text_at(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, **headers)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(("language", "shown"), [({}, ("1,200.50", "4.1234")), (FRENCH, ("1\u202f200,50", "4,1234"))])
def test_a_price_has_its_cents_and_more_only_where_it_has_more(
    admin_client: Client, language: dict[str, str], shown: tuple[str, str]
) -> None:
    for number, price in enumerate(("1200.5", "4.1234")):
        Purchase.objects.create(
            purchase_identifier=f"1/{number}", product_id="0071", quantity=1, price=price, currency="EUR",
            purchased_on=date(2026, 1, 1),
        )  # fmt: skip
    text = text_at(admin_client, "/admin/inflight/purchase/", **language).replace("\xa0", "\u202f")
    assert all(price in text for price in shown)


def test_only_a_list_that_is_filtered_offers_to_show_all(admin_client: Client) -> None:
    Delivery.objects.create(status="failed")
    assert "Show all" not in text_at(admin_client, "/admin/inflight/delivery/")
    assert "Show all" in text_at(admin_client, "/admin/inflight/delivery/?status__exact=failed")


def test_a_state_of_an_entry_is_told_in_the_readers_language(admin_client: Client) -> None:
    DataEntry.objects.create(content={}, refusal="large")
    DataEntry.objects.create(content={}, published_at=timezone.now())
    text = text_at(admin_client, "/admin/ingest/dataentry/", **FRENCH)
    assert ">refusée</span>" in text
    assert ">publiée</span>" in text


def test_an_alert_that_is_open_stands_before_newer_ones_that_are_over(admin_client: Client) -> None:
    now = timezone.now()
    for title, ended_at in (("It is so", None), ("It was so", now)):
        Alert.objects.create(
            source="x", key=title, state="failed", severity="error", title=title, path="/", since=now - timedelta(hours=1),
            status="over" if ended_at else "open", ended_at=ended_at,
        )  # fmt: skip
    text = text_at(admin_client, "/admin/config/alert/")
    assert text.index("It is so") < text.index("It was so")


def test_a_saved_filter_leads_to_its_list_by_the_lists_name(admin_client: Client, admin_user: User) -> None:
    SavedFilter.objects.create(user=admin_user, list="inflight.delivery", name="Failed", query="status__exact=failed")
    SavedFilter.objects.create(user=admin_user, list="gone.model", name="Of a model that is gone", query="")
    text = text_at(admin_client, "/admin/config/savedfilter/")
    assert '<a href="/admin/inflight/delivery/?status__exact=failed">deliveries</a>' in text
    assert "gone.model" in text


def test_an_audit_entry_shows_each_change_with_before_and_after_and_nothing_for_none(admin_client: Client) -> None:
    changed = AuditEntry.objects.create(
        actor_type="user", act="update", changes={"name": ["till", "<b>"], "limit": [None, 5]}
    )
    text = text_at(admin_client, f"/admin/config/auditentry/{changed.pk}/change/")
    assert '<th scope="row">name</th><td>till</td><td>&lt;b&gt;</td>' in text
    assert '<th scope="row">limit</th><td>null</td><td>5</td>' in text
    bare = AuditEntry.objects.create(actor_type="user", act="login")
    assert "<pre>null" not in text_at(admin_client, f"/admin/config/auditentry/{bare.pk}/change/")


def test_what_a_group_may_is_told_in_the_readers_language(admin_client: Client) -> None:
    group = Group.objects.get(name="viewer")
    text = text_at(admin_client, f"/admin/auth/group/{group.pk}/change/", **FRENCH)
    assert "Can view" not in text
    assert "Peut voir" in text


def test_an_empty_list_says_what_to_do_next(admin_client: Client) -> None:
    assert "They come with the next import." in text_at(admin_client, "/admin/inflight/customer/")
    make_rows(Delivery, 1)
    assert "There is nothing here yet." not in text_at(admin_client, "/admin/inflight/delivery/")


@pytest.mark.parametrize(
    "kept",
    [
        "Customers not delivered: 24. There was no answer. " + ALONE,
        "Customers not delivered: 24. The last answer was 503. " + ALONE,
        "The process ended in the middle; nothing of this run was imported. Import the files again.",
        "The computation failed; the log has the details under this job.",
        "Another delivery is under way: /api/deliveries/6. Wait until it has ended.",
        "no email is configured any more",
    ],
)
def test_a_kept_sentence_is_told_whole_in_french(kept: str) -> None:
    with translation.override("fr"):
        told = translated(kept)
    words = {"the", "There", "was", "again", "it", "It", "is", "configured", "last", "nobody"}
    assert not words & set(told.replace(".", " ").split()), told


@pytest.mark.parametrize(
    ("kind", "minutes", "english", "french"),
    [
        (Schedule.MINUTES, 1, "every minute", "toutes les minutes"),
        (Schedule.MINUTES, 45, "every 45 minutes", "toutes les 45 minutes"),
        (Schedule.MINUTES, 60, "every hour", "toutes les heures"),
        (Schedule.MINUTES, 180, "every 3 hours", "toutes les 3 heures"),
        (Schedule.MINUTES, 1440, "every day", "tous les jours"),
        (Schedule.MINUTES, 10080, "every 7 days", "tous les 7 jours"),
        (Schedule.ONCE, None, "once", "une fois"),
    ],
)
def test_a_schedule_says_how_often_it_runs(
    admin_client: Client, kind: str, minutes: int | None, english: str, french: str
) -> None:
    Schedule.objects.all().delete()
    Schedule.objects.create(func="inflight.tasks.deliver_due", schedule_type=kind, minutes=minutes)
    for language, text in (("en", english), ("fr", french)):
        page = admin_client.get("/admin/django_q/schedule/", headers={"Accept-Language": language})
        assert f">{text}</td>" in " ".join(page.content.decode().split()).replace("> ", ">").replace(" <", "<")


def test_an_attempt_that_succeeded_is_not_listed_as_failed(admin_client: Client) -> None:
    make_rows(FailedAttempts, 2)
    FailedAttempts.objects.filter(pk=FailedAttempts.objects.earliest("pk").pk).update(count=0)
    shown = admin_client.get("/admin/config/failedattempts/").context["cl"].result_list
    assert [row.count > 0 for row in shown] == [True]


def test_a_superuser_is_told_from_a_user_without_a_group(admin_client: Client, admin_user: User) -> None:
    other = User.objects.create_user("nobody")
    page = admin_client.get("/admin/auth/user/")
    roles = {row.username: page.context["cl"].model_admin.roles(row) for row in page.context["cl"].result_list}
    assert roles == {admin_user.username: "superuser", other.username: ""}


def test_the_outcome_of_an_attempt_has_the_colour_of_its_batch(admin_client: Client) -> None:
    make_rows(DeliveryAttempt, 1)
    DeliveryAttempt.objects.update(seconds=0.1, error="connection refused")
    page = admin_client.get("/admin/inflight/deliveryattempt/").content.decode()
    assert '<span class="apron-badge danger">failed</span>' in page
    assert "HTTP status" in page
    assert "Request ID" in page


def test_the_menu_names_what_packages_do_and_not_the_packages(admin_client: Client) -> None:
    menu = {group["title"] for group in admin_client.get("/admin/").context["sidebar_navigation"]}
    assert {"Background tasks", "Users and groups", "Second factor", "Company login"} <= menu


def test_an_empty_list_counts_nothing_below_what_to_do_next(admin_client: Client) -> None:
    assert "0 deliveries" not in admin_client.get("/admin/inflight/delivery/").content.decode()
    make_rows(Delivery, 2)
    assert "2 deliveries" in admin_client.get("/admin/inflight/delivery/").content.decode()
