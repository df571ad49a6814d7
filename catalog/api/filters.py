"""Filters of the catalogue's lists."""

from django_filters import FilterSet

from catalog.models import Product
from catalog.models.sku import LONGEST
from config.api.filters import ParameterFilter, SearchFilter
from config.api.strict import TextField, WordField


class ProductFilter(FilterSet):
    """Filters of the list of products."""

    q = SearchFilter("name__icontains", help_text="a part of the name, in any case")
    sku = ParameterFilter(TextField(max_length=LONGEST), "sku")
    category = ParameterFilter(TextField(max_length=200, help_text="the whole category"), "category")
    registration = ParameterFilter(WordField(choices=Product.Registration.choices), "registration")
