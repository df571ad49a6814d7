"""Errors of inflight's API."""

from collections.abc import Sequence
from http import HTTPStatus

from django.utils.translation import gettext as _

from config.api.problems import Problem

SHOWN = 10  # ids in an error


class DeliveryInProgress(Problem):
    """A delivery is running already."""

    status = HTTPStatus.CONFLICT
    code = "delivery_under_way"


class DeliveryEnded(Problem):
    """The delivery has ended already."""

    status = HTTPStatus.CONFLICT
    code = "delivery_ended"


class NothingKept(Problem):
    """The bodies that would be sent again are not kept any more."""

    status = HTTPStatus.CONFLICT
    code = "nothing_kept"


class NoSuchCustomers(Problem):
    """Some of the customers that are to be sent do not exist."""

    code = "no_such_customers"

    def __init__(self, missing: Sequence[str]) -> None:
        shown = ", ".join(missing[:SHOWN]) + (", …" if len(missing) > SHOWN else "")
        super().__init__(
            _("There are no customers with these ids: %(shown)s.") % {"shown": shown}, field="customer_ids"
        )


class UnknownCustomer(Problem):
    """No data is stored about a customer with this id."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown_customer"

    def __init__(self) -> None:
        super().__init__(_("No data is stored about a customer with this id."))


class ErasureMustWait(Problem):
    """What is under way may hold the person; erase when it has ended."""

    status = HTTPStatus.CONFLICT
    code = "must_wait"

    def __init__(self, what: str) -> None:
        super().__init__(
            _("%(what)s Nothing was erased; try again in a moment.") % {"what": what}, headers={"Retry-After": "10"}
        )
