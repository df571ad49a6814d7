"""The admin's lists of alerts: what is wrong, who was told when and over which channel, and why not."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.models import Alert, AlertMessage

pytestmark = pytest.mark.django_db


def test_without_a_channel_the_list_says_what_to_set(admin_client: Client) -> None:
    page = admin_client.get("/admin/config/alert/").content.decode()
    assert "Nobody is notified of these alerts" in page
    assert all(name in page for name in ("ALERT_WEBHOOK", "ALERT_EMAILS", "EMAIL_URL", "send_test_alert"))


def test_with_one_it_says_which_but_not_where(admin_client: Client, settings: Any) -> None:
    settings.ALERT_WEBHOOK = "https://hooks.example.org/s3cr3t"
    page = admin_client.get("/admin/config/alert/").content.decode()
    assert "Alerts are sent by webhook" in page
    assert "hooks.example.org" not in page


def test_an_alert_shows_each_message_with_its_channel_moment_and_error(admin_client: Client) -> None:
    now = timezone.now()
    alert = Alert.objects.create(
        source="inflight", key="delivery-7", state="failed", severity="error", title="Delivery 7 failed", since=now,
        path="/admin/inflight/delivery/7/change/",
    )  # fmt: skip
    by_webhook = AlertMessage.objects.create(
        channel="webhook",
        content={},
        status="failed",
        last_error="the alert webhook answered 404",
        next_attempt_at=None,
    )
    by_email = AlertMessage.objects.create(channel="email", content={}, status="sent", sent_at=now)
    for message in (by_webhook, by_email):
        message.alerts.add(alert)
    for page in ("/admin/config/alert/", f"/admin/config/alert/{alert.pk}/change/"):
        shown = admin_client.get(page).content.decode()
        assert f'<a href="/admin/config/alertmessage/{by_webhook.pk}/change/">Webhook</a> given up' in shown
        assert "the alert webhook answered 404" in shown
        assert f'Email</a> sent <time datetime="{now:%Y-%m-%dT%H:%M:%S}Z"' in shown
    assert 'href="/admin/inflight/delivery/7/change/"' in shown
