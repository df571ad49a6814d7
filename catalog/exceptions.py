"""Errors of the catalogue's API."""

from http import HTTPStatus

from config.api.problems import Problem


class RefreshInProgress(Problem):
    """A refresh is running already."""

    status = HTTPStatus.CONFLICT
    code = "refresh_under_way"


class PeriodReversed(Problem):
    """The period starts after it ends."""

    code = "period_reversed"


class PeriodTooLong(Problem):
    """The period has more changes than one answer may hold."""

    code = "period_too_long"
