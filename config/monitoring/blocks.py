"""Metrics of throttling: who has to wait, as a number."""

from collections.abc import Iterator

from django.db.models import Count
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from config.models import FailedAttempts


def collect() -> Iterator[Metric]:
    """Metrics: how many accounts, browsers and addresses have to wait after wrong passwords, codes or tokens."""
    family = GaugeMetricFamily(
        "apron_blocked", "Who has to wait after wrong passwords, codes or tokens", labels=["kind"]
    )
    waiting = FailedAttempts.objects.filter(blocked_until__gt=timezone.now())
    found = dict(waiting.values_list("kind").annotate(rows=Count("pk")))
    for kind in FailedAttempts.Kind:
        family.add_metric([kind], found.get(kind, 0))
    yield family
