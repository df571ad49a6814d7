"""Filters of ingest's list."""

from config.api.filters import ParameterFilter, PeriodFilters
from config.api.strict import FlagParameter


class DataFilter(PeriodFilters):
    """Filters of the list of records."""

    published = ParameterFilter(
        FlagParameter(help_text="only what Kafka has (true) or has not (false) acknowledged"),
        "published_at",
        "isnull",
        exclude=True,
    )
