"""The metrics of all apps, as Prometheus reads them."""

import pytest
from rest_framework.test import APIClient

from catalog.models import Product, RefreshRun
from compute.models import Job
from inflight.models import Delivery, ImportRun

pytestmark = pytest.mark.django_db


def test_every_app_counts_what_it_did(api: APIClient) -> None:
    ImportRun.objects.create(status=ImportRun.Status.COMPLETED)
    Delivery.objects.create(status=Delivery.Status.FAILED)
    Product.objects.create(name="a")
    RefreshRun.objects.create(status=RefreshRun.Status.STOPPED)
    Job.objects.create(operation=Job.Operation.STATS, parameters={}, input_bytes=1, input_version="1")
    text = api.get("/metrics").content.decode()
    assert {
        'apron_imports{status="completed"} 1.0',
        'apron_deliveries{status="failed"} 1.0',
        'apron_products{registration="pending"} 1.0',
        'apron_refreshes{status="stopped"} 1.0',
        'apron_jobs{status="queued"} 1.0',
    } <= set(text.splitlines())
