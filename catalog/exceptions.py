"""Errors of the catalogue's API."""

from http import HTTPStatus

from config.api.problems import Problem


class RefreshInProgress(Problem):
    """One refresh at a time."""

    status = HTTPStatus.CONFLICT
    code = "refresh_under_way"


class PeriodReversed(Problem):
    """The period starts after it ends."""

    code = "period_reversed"


class PeriodTooLong(Problem):
    """There are more changes in the period than one answer takes."""

    code = "period_too_long"
