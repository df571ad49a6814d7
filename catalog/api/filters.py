"""Filters of the catalogue's lists."""

from django_filters import FilterSet

from catalog.models import Product
from config.api.filters import ParameterFilter, SearchFilter
from config.api.strict import WordField


class ProductFilter(FilterSet):
    """Filters of the list of products."""

    q = SearchFilter("name__icontains", help_text="a part of the name, in any case")
    registration = ParameterFilter(WordField(choices=Product.Registration.choices), "registration")
