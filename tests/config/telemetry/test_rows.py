"""What is asked for keeps the trace of who asked for it last, and nothing while traces are off."""

from collections.abc import Callable, Iterator

import pytest

from catalog.models import Product
from catalog.services.products import create_product, register_again
from config.core.telemetry import tracing
from inflight.models import Delivery
from inflight.services.deliveries import retry_delivery, start_delivery
from ingest.models import DataEntry
from ingest.services import accept_entries
from ingest.storage.entries import Entry
from tests.config.telemetry.test_export import CALLER, OTHER, Exported

pytestmark = pytest.mark.django_db


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Traces are on in this process, and go nowhere."""
    with monkeypatch.context() as patch:
        patch.setattr(tracing, "_backend", Exported().ours)
        yield


def delivery_retried() -> str:
    delivery, _ = start_delivery()
    Delivery.objects.filter(pk=delivery.pk).update(status=Delivery.Status.FAILED)
    with tracing.continued(OTHER):
        retry_delivery(delivery)
    return Delivery.objects.get().traceparent


def product_registered_again() -> str:
    create_product(name="Plane", description="A model")
    with tracing.continued(OTHER):
        register_again(Product.objects.all())
    return Product.objects.get().traceparent


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("ask", [delivery_retried, product_registered_again])
def test_a_row_keeps_the_trace_of_who_asked_last(ask: Callable[[], str]) -> None:
    with tracing.continued(CALLER):
        assert ask() == OTHER


@pytest.mark.parametrize("ask", [delivery_retried, product_registered_again])
def test_a_row_keeps_nothing_while_traces_are_off(ask: Callable[[], str]) -> None:
    assert ask() == ""


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("contents", [["one"], ["one", "twó", '"three"\\']])
def test_entries_keep_their_trace_and_their_content_as_it_was(contents: list[str]) -> None:
    with tracing.continued(CALLER):
        accept_entries([Entry(content) for content in contents], wait=False)
    entries = DataEntry.objects.order_by("id").values_list("content", "traceparent")
    assert list(entries) == [(content, CALLER) for content in contents]


def test_entries_have_null_while_traces_are_off() -> None:
    accept_entries([Entry("one"), Entry("two")], wait=False)
    assert set(DataEntry.objects.values_list("traceparent", flat=True)) == {None}
