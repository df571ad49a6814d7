"""What Apron did before the visitor came, so that no page is empty.

The services did it, against the stand-ins; it is only put back to when it is said to have happened. (Only the events are
written as they stand: the broker of `make run` begins empty, as after its retention.) Each part is left out where there is
something of its kind already.
"""

import csv
import json
import logging
import random
from datetime import timedelta
from itertools import count, cycle
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.db.models import DateTimeField, F, QuerySet
from django.test.utils import override_settings
from django.utils import timezone

from compute.jobs.services import Request, submit_job, wait_for_job
from compute.models import Job
from inflight.models import Delivery, DeliveryAttempt, DeliveryBatch, ImportRun
from inflight.services.deliveries import deliver, start_delivery
from inflight.services.imports import import_files
from ingest.models import DataEntry
from metadata_registry.models import Metadata
from sample_data.users import MAY_ALL, OPERATES
from tests.fakes.faulty import free_port

FLIGHTS = {"AP100": "CDG-JFK", "AP101": "JFK-CDG", "AP230": "CDG-DXB", "AP231": "DXB-CDG", "AP412": "CDG-NRT"}
ARTICLES = {"Perfume": 91.2, "Coffee": 3.5, "Headset": 29.9, "Scarf": 59.0, "Chocolate": 18.5, "Model plane": 24.0}
SALES_FILE, SALES = "inflight_sales.csv", 5000
COMPUTED: list[tuple[float, str, dict[str, Any]]] = [  # hours ago, operation, parameters
    (22, "group_by", {"by": ["flight"], "aggregations": {"price": ["sum"]}}),
    (21, "group_by", {"by": ["product"], "aggregations": {"quantity": ["sum"], "price": ["mean"]}}),
    (17, "stats", {"columns": ["price", "quantity"], "by": []}),
    (16.5, "non_null", {"columns": ["payment"]}),
    (9, "group_by", {"by": ["route", "cabin"], "aggregations": {"price": ["sum", "count"]}}),
    (8.8, "stats", {"columns": ["product"], "by": []}),  # fails: it is text
    (5, "group_by", {"by": ["payment"], "aggregations": {}}),
    (3, "group_by", {"by": ["product"], "aggregations": {"price": ["sum"]}}),
    (2.5, "stats", {"columns": ["price"], "by": ["cabin"]}),
]
EVENTS_BY_HOUR = [2, 1, 1, 2, 3, 6, 9, 12, 14, 11, 9, 8, 10, 13, 12, 9, 7, 8, 11, 9, 6, 4, 3, 2]
RECORDS = {
    "in-flight sales": {
        "sourceName": "pos",
        "jobCluster": {"min_workers": 1, "max_workers": 4},
        "partitioning": "date",
    },
    "crew tablets": {"sourceName": "tablets", "partitioning": "tail"},
    "trolley stock": {"sourceName": "catering", "jobCluster": {"min_workers": 1, "max_workers": 2}},
    "loyalty members": {"sourceName": "crm", "jobCluster": {"min_workers": 2, "max_workers": 8}},
}


def make_yesterday(api: str) -> None:
    """Let it all have happened."""
    make_landing()
    make_records(api)
    make_events()
    make_computations()


def make_landing() -> None:
    """An aircraft landed 20 hours ago with five bad rows among its sales; at 9 and 6 hours ago the partner was away."""
    if ImportRun.objects.exists():
        return
    run = import_files(
        customers_path="sample_data/landing/customers.csv",
        purchases_path="sample_data/landing/purchases.csv",
        roots=None,
        requested_by=OPERATES,
    )
    put_back(ImportRun.objects.filter(pk=run.pk), hours=20)
    _deliver(only=Delivery.Only.CHANGED, hours_ago=19.8)
    _deliver(only=Delivery.Only.ALL, hours_ago=12.5)
    with free_port() as nobody:
        away = {"CUSTOMERS_API_URL": f"http://127.0.0.1:{nobody}/v1/customers", "SEND_BUDGET_SECONDS": 0.1}
        logging.disable(logging.ERROR)  # what went wrong yesterday is no news in today's log
        with override_settings(**away, DELIVERY_BATCH_SIZE=10):
            waiting = _deliver(only=Delivery.Only.ALL, hours_ago=0.1)
        deliver(waiting, seconds=20)  # the partner is back
        _put_delivery_back(waiting, hours=9)
        with override_settings(**away, DELIVERY_SCHEDULE=[]):
            _deliver(only=Delivery.Only.ALL, hours_ago=6)
        logging.disable(logging.NOTSET)


def _deliver(*, only: str, hours_ago: float) -> Delivery:
    delivery, _ = start_delivery(only=only, requested_by=OPERATES)
    deliver(delivery, seconds=20)
    _put_delivery_back(delivery, hours=hours_ago)
    return delivery


def _put_delivery_back(delivery: Delivery, *, hours: float) -> None:
    put_back(Delivery.objects.filter(pk=delivery.pk), hours=hours)
    put_back(DeliveryBatch.objects.filter(delivery=delivery), hours=hours)
    put_back(DeliveryAttempt.objects.filter(batch__delivery=delivery), hours=hours)


def make_records(api: str) -> None:
    """Records of the data platform's sources; one of them was a mistake."""
    if Metadata.objects.exists():
        return
    for name, payload in RECORDS.items():
        _post(f"{api}/metadata", {"name": name, "payload": json.dumps(payload)})
    mistake = _post(f"{api}/metadata", {"name": "tralley stock", "payload": {"sourceName": "catering"}})
    requests.delete(f"{api}/metadata/{mistake['id']}", headers=_token(), timeout=60).raise_for_status()


def make_events() -> None:
    """Events of a day, most of them while aircraft are in the air, long since in Kafka and past its retention.

    They are numbered up to 0, so that what the visitor posts first is entry 1.
    """
    if DataEntry.objects.exists():
        return
    flights, ids, now = cycle(FLIGHTS), count(1 - sum(EVENTS_BY_HOUR)), timezone.now()
    entries = []
    for hour, events in enumerate(EVENTS_BY_HOUR):
        moment = now - timedelta(hours=len(EVENTS_BY_HOUR) - hour - 0.5)
        times = {"created_at": moment, "claimed_until": moment, "published_at": moment}
        for number in range(1, events + 1):
            told = f"{next(flights)}: sale {number} of hour {hour}"
            entries.append(DataEntry(pk=next(ids), content=told, **times))
    DataEntry.objects.bulk_create(entries)  # all of it or nothing, as a second start finds it


def make_computations() -> None:
    """A file of sales, and what an analyst asked of it."""
    place = Path(settings.COMPUTE_ROOT) / SALES_FILE
    if not place.exists():
        write_sales(place)
    if Job.objects.exists():
        return
    for hours, operation, parameters in COMPUTED:
        request = Request(operation=operation, parameters=parameters, file_path=SALES_FILE, sub=MAY_ALL)
        job = wait_for_job(submit_job(request, fresh=True), 20)
        put_back(Job.objects.filter(pk=job.pk), hours=hours)


def write_sales(place: Path) -> None:
    """Write the sales of some flights: the same at each call, a few cells blank."""
    chance = random.Random(71)
    with place.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["flight", "route", "cabin", "product", "quantity", "price", "currency", "payment"])
        for _ in range(SALES):
            flight, route = chance.choice(list(FLIGHTS.items()))
            product, price = chance.choice(list(ARTICLES.items()))
            cabin = chance.choices(["economy", "premium", "business"], [7, 2, 1])[0]
            currency = chance.choices(["EUR", "USD", "JPY"], [6, 3, 1])[0]
            payment = chance.choices(["card", "cash", "miles", ""], [12, 4, 2, 1])[0]
            writer.writerow([flight, route, cabin, product, chance.randint(1, 3), price, currency, payment])


def put_back(rows: QuerySet[Any], *, hours: float) -> None:
    """Let it have happened some hours earlier: move every time of the rows."""
    times = [field.attname for field in rows.model._meta.fields if isinstance(field, DateTimeField)]
    rows.update(**{name: F(name) - timedelta(hours=hours) for name in times})


def _post(url: str, body: Any) -> Any:
    response = requests.post(url, json=body, headers=_token(), timeout=60)
    response.raise_for_status()
    return response.json()


def _token() -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.API_TOKEN}"}
