"""An import with rejected rows, and an operator who corrects them on its page."""

import re
from html import unescape
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from inflight.models import ImportReject, ImportRun
from tests.inflight.conftest import PURCHASES

BAD = [
    *PURCHASES,
    "3/01;1;4324;0;10;EUR;2024-11-04",  # line 5: the quantity
    "3/02;2;0071;2;9,9.1;USDX;2024-11-03",  # line 6: price and currency
    "3/03;7;0071;1;0;EUR;2024-11-03",  # line 7: a customer that nobody knows
]
HIDDEN = re.compile(r'<input type="hidden" name="(row|version)" value="([^"]*)">')
INPUT = re.compile(r'<input type="text" id="[^"]*" name="([^"]*)" value="([^"]*)"')
AREA = re.compile(r'<textarea id="[^"]*" name="([^"]*)"[^>]*>\n(.*?)</textarea>', re.DOTALL)


def log_in(user: User) -> Client:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(user)
    return client


def operators_client() -> Client:
    """Return the browser of somebody who may import."""
    user = User.objects.create_user("olga", is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    return log_in(user)


def address(run: ImportRun, after: int = 0) -> str:
    return f"/admin/inflight/importrun/{run.pk}/mend/" + (f"?after={after}" if after else "")


def form_of(answer: Any) -> dict[str, Any]:
    """Return what a browser would send of the form that a page has."""
    page = answer.content.decode()
    form: dict[str, Any] = {"row": [], "version": []}
    for name, value in HIDDEN.findall(page):
        form[name].append(value)
    return form | {name: unescape(text) for name, text in [*INPUT.findall(page), *AREA.findall(page)]}


def mend(client: Client, run: ImportRun, cells: dict[str, str], **more: str) -> Any:
    """Open the page, type into cells, given by "line column", and send the form."""
    form = form_of(client.get(address(run)))
    for place, text in cells.items():
        line, column = place.split()
        form[f"{ImportReject.objects.get(run=run, line=line).pk}-{column}"] = text
    return client.post(address(run), form | more, follow=True)


def left_of(run: ImportRun) -> list[int]:
    return list(run.rejects.order_by("line").values_list("line", flat=True))
