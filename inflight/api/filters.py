"""Filters of inflight's lists."""

from django_filters import FilterSet
from rest_framework.serializers import DateField

from config.api.filters import ParameterFilter, RunFilters, SearchFilter
from config.api.strict import FlagParameter, TextField, WordField
from inflight.models import Delivery, ImportRun


class ImportFilter(RunFilters):
    """Filters of the list of imports."""

    status = ParameterFilter(WordField(choices=ImportRun.Status.choices), "status")


class DeliveryFilter(RunFilters):
    """Filters of the list of deliveries."""

    status = ParameterFilter(WordField(choices=Delivery.Status.choices), "status")


class CustomerFilter(FilterSet):
    """Filters of the list of customers."""

    email = ParameterFilter(TextField(max_length=254, help_text="the whole address, in any case"), "email", "iexact")
    q = SearchFilter(
        "customer_id__startswith",
        "last_name__istartswith",
        "email__istartswith",
        help_text="how customer_id, last name or e-mail begins; names and e-mails in any case",
    )
    changed = ParameterFilter(
        FlagParameter(help_text="new or changed since they were last put into a delivery"), "needs_sending"
    )


class PurchaseFilter(FilterSet):
    """Filters of the list of purchases."""

    customer_id = ParameterFilter(TextField(max_length=64), "customer_id")
    product_id = ParameterFilter(TextField(max_length=64), "product_id")
    purchased_after = ParameterFilter(DateField(help_text="on that day or later"), "purchased_on", "gte")
    purchased_before = ParameterFilter(DateField(help_text="on that day or earlier"), "purchased_on", "lte")
