"""Errors of the catalogue's API."""

from collections.abc import Mapping
from http import HTTPStatus

from django.utils.translation import gettext as _

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


class SkuTaken(Problem):
    """Other products have these skus."""

    status = HTTPStatus.CONFLICT
    code = "sku_taken"

    def __init__(self, taken: Mapping[str, str]) -> None:
        """`taken`: the skus by the fields that they were given in."""
        errors = [
            {"field": field, "code": self.code, "message": _("%(sku)s is the SKU of another product.") % {"sku": sku}}
            for field, sku in taken.items()
        ]
        super().__init__("; ".join(f"{each['field']}: {each['message']}" for each in errors), errors=errors)
