"""Filters of compute's lists."""

from compute.models import Job
from config.api.filters import ParameterFilter, PeriodFilters
from config.api.strict import TextField, WordField


class JobFilter(PeriodFilters):
    """Filters of the list of jobs."""

    status = ParameterFilter(WordField(choices=Job.Status.choices), "status")
    operation = ParameterFilter(WordField(choices=Job.Operation.choices), "operation")
    requested_by = ParameterFilter(TextField(max_length=255, help_text="the subject of the token that asked"), "sub")
