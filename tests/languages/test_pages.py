"""No text of a page escapes translation: each page is shown in a language in which all texts are marked."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import helpers
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import BooleanField
from django.test import Client
from django.urls import reverse

from catalog.services.imports import PRODUCTS
from config.access.scopes import Scope
from config.core import kept_texts
from config.pages import languages
from inflight.services.imports import CUSTOMERS, PURCHASES
from ingest.models import DataEntry
from tests.config.admin.test_permissions import ACTIONS, MODELS, PAGES, a_row, page
from tests.languages.pseudo import data_of_rows, escaped, write_locale
from tests.messages import OURS
from tests.test_page_permissions import TABLE, Case, arguments

admin.autodiscover()
pytestmark = pytest.mark.django_db

ADDABLE = {label for label, may in MODELS.items() if may.add}
DELETABLE = {label for label, may in MODELS.items() if may.delete}
SHOWN = {
    "Last1",
    "000000001 Last1",
    "sku no",
    "quantity no",
    "act 1",
    *Scope.values,
    "source-1",
    "table.csv",
    "other.csv",
    "third.csv",
}
SHOWN |= {
    name for file in (CUSTOMERS, PURCHASES, PRODUCTS) for name in file.row_format.names
}  # made of data, or data elsewhere
FILTER = re.compile(r'href="\?([^"]+)"')
LEAST_TEXTS = 3  # of a page, or nothing was looked at


@pytest.fixture(scope="session")
def marked_locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    write_locale(folder)
    return folder


@pytest.fixture(autouse=True)
def in_marked_language(settings: Any, marked_locale: Path, tmp_path: Path) -> Any:
    settings.LOCALE_PATHS = [marked_locale]
    settings.COMPUTE_ROOT, settings.COMPUTE_WAITERS = str(tmp_path), 0
    for name in ("table.csv", "other.csv", "third.csv"):
        (tmp_path / name).write_text("a\n1\n")
    (tmp_path / "results").mkdir()
    (tmp_path / "results/x.csv").write_text("a\n1\n")
    _forget()
    yield
    _forget()


def _forget() -> None:
    for cached in (kept_texts._translated, kept_texts._patterns, languages._catalogue, languages._digest):
        cached.cache_clear()


@pytest.fixture
def reader() -> Client:
    """A superuser who reads the marked language."""
    client = Client(headers={"Accept": "text/html", "Accept-Language": "fr"})
    client.force_login(User.objects.create_superuser("ana", password="a-word-of-ana"))
    return client


def check(answer: Any) -> None:
    assert answer.status_code == 200
    html = answer.content.decode()
    assert html.count("⟦") >= LEAST_TEXTS
    check_texts(html)


@pytest.mark.parametrize("label", MODELS)
def test_the_pages_of_a_model(reader: Client, label: str) -> None:
    row = a_row(label)
    check(reader.get(page(label, "changelist")))
    check(reader.get(page(label, "change", row)))
    check(reader.get(page(label, "history", row)))
    if label in ADDABLE:
        check(reader.get(page(label, "add")))
        check(reader.post(page(label, "add"), {}))  # with its errors
    if label in DELETABLE:
        check(reader.get(page(label, "delete", row)))


@pytest.mark.parametrize("label", MODELS)
def test_the_lists_filters_and_states_of_rows(reader: Client, label: str) -> None:
    row = a_row(label)
    changelist = page(label, "changelist")
    plain = reader.get(changelist).content.decode()
    one_of_each = {query.partition("=")[0]: unescape(query) for query in FILTER.findall(plain)}
    for query in one_of_each.values():
        check(reader.get(f"{changelist}?{query}"))
    check(reader.get(f"{changelist}?_popup=1"))
    for state in _states(row):
        try:
            with transaction.atomic():
                type(row)._default_manager.filter(pk=row.pk).update(**state)
        except IntegrityError:  # a state that the row cannot be in alone, such as failed without a reason
            continue
        check(reader.get(changelist))
        check(reader.get(page(label, "change", row)))


def _states(row: Any) -> Iterator[dict[str, Any]]:
    """Yield what makes a row of ours one in each of its states."""
    if row._meta.app_label not in OURS:
        return
    if isinstance(row, DataEntry):
        yield {"refusal": "", "published_at": None}
        yield {"refusal": "Too large.", "published_at": None}
        yield {"refusal": "", "published_at": row.created_at}
    for field in row._meta.local_fields:
        yield from ({field.attname: value} for value, _ in field.choices or ())
        if isinstance(field, BooleanField):
            yield from ({field.attname: value} for value in (True, False))


@pytest.mark.parametrize(("label", "action"), [(label, name) for label, names in ACTIONS.items() for name in names])
def test_what_an_action_of_a_list_asks_and_says(reader: Client, label: str, action: str) -> None:
    row = a_row(label)
    chosen = {"action": action, helpers.ACTION_CHECKBOX_NAME: str(row.pk)}
    for sent in (chosen, chosen | {"post": "yes"}):
        answer = reader.post(page(label, "changelist"), sent, follow=True)
        if answer["Content-Type"].startswith("text/html") and answer.status_code == 200:
            check(answer)


@pytest.mark.parametrize("label", sorted(ADDABLE))
def test_the_form_in_a_popup(reader: Client, label: str) -> None:
    check(reader.get(page(label, "add") + "?_popup=1"))


def test_the_pages_of_passwords(reader: Client) -> None:
    check(reader.get(reverse("admin:password_change")))
    check(
        reader.post(reverse("admin:password_change"), {"old_password": "x", "new_password1": "a", "new_password2": "b"})
    )
    check(reader.get(reverse("admin:password_change_done")))
    of_another = reverse("admin:auth_user_password_change", args=(a_row("auth.user").pk,))
    check(reader.get(of_another))
    check(reader.post(of_another, {"password1": "a", "password2": "b"}))


@pytest.mark.parametrize("name", PAGES)
def test_the_admins_other_pages(reader: Client, name: str) -> None:
    label = ".".join(next(label for label in MODELS if name.startswith(label.replace(".", "_") + "_")).split("."))
    address = _address(name, a_row(label))
    answer = reader.get(address)
    if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
        check_fragment(answer)


def _address(name: str, row: Any) -> str:
    try:
        return reverse(f"admin:{name}")
    except Exception:
        return reverse(f"admin:{name}", args=(row.pk,))


def check_texts(html: str) -> None:
    found = escaped(html, data_of_rows() | SHOWN)
    assert not found, "\n".join(found)


def check_fragment(answer: Any) -> None:
    check_texts(answer.content.decode())


def test_the_dashboard(reader: Client) -> None:
    check(reader.get("/admin/"))  # of an empty platform
    for label in MODELS:
        a_row(label)
    check(reader.get("/admin/"))


GETS = [
    case for case in TABLE if case.method == "get" and case.answers[-1] == 200 and case.name not in ("schema", "texts")
]


@pytest.mark.parametrize("case", GETS, ids=lambda case: f"{case.name}-{case.argument}")
def test_the_pages_outside_the_admin(reader: Client, case: Case) -> None:
    answer = reader.get(reverse(case.name, args=arguments()[case.argument]))
    if answer["Content-Type"].startswith("text/html"):
        check(answer)
    answer.close()  # a file


def test_an_error(reader: Client) -> None:
    answer = reader.get("/nothing-here")
    assert answer.status_code == 404
    assert escaped(answer.content.decode(), ["/nothing-here", answer.headers.get("X-Request-ID", "")]) == []


def test_a_text_that_escapes_is_found() -> None:
    html = '<p title="Plain">⟦vu⟧ and not</p><button aria-label="⟦vu⟧">Éte</button><code>GET</code><b>42 Ana</b>'
    assert escaped(html, ["Ana"]) == ["Plain", "and not", "Éte"]
