"""Who may do what in the admin: every page and every action, for a visitor, a viewer, an analyst, an operator, a superuser."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from catalog.models import ProductImport
from compute.models import Job
from inflight.models import Customer, Delivery, ImportRun
from tests.config.admin.test_lists import INLINE
from tests.rows import make_rows

admin.autodiscover()
pytestmark = pytest.mark.django_db

ROLES = ("visitor", "viewer", "analyst", "operator", "superuser")
EVERYBODY, SUPERUSERS, NOBODY = ROLES[1:], ROLES[4:], ()
ALL, OPERATORS, PLATFORM = ("viewer", *ROLES[3:]), ROLES[3:], ROLES[2:]  # the last: who works with the data platform


class May(NamedTuple):
    """Who may look at a model's rows, add, change and delete them."""

    look: tuple[str, ...] = ALL
    add: tuple[str, ...] = NOBODY
    change: tuple[str, ...] = NOBODY
    delete: tuple[str, ...] = NOBODY


MODELS = {
    "auth.group": May(SUPERUSERS, SUPERUSERS, SUPERUSERS, SUPERUSERS),
    "auth.user": May(SUPERUSERS, SUPERUSERS, SUPERUSERS, SUPERUSERS),
    "catalog.offer": May(EVERYBODY),
    "catalog.offerchange": May(EVERYBODY),
    "catalog.product": May(EVERYBODY, OPERATORS, OPERATORS, OPERATORS),
    "catalog.productimport": May(EVERYBODY),
    "catalog.productreject": May(EVERYBODY),
    "catalog.refreshrun": May(EVERYBODY),
    "catalog.servicetoken": May(delete=SUPERUSERS),
    "compute.job": May(EVERYBODY),
    "compute.ownedfile": May(),
    "config.auditentry": May(SUPERUSERS),
    "config.apiclient": May(SUPERUSERS, SUPERUSERS, SUPERUSERS),
    "config.apikey": May(SUPERUSERS),
    "config.failedattempts": May(),
    "config.requestquota": May(),
    "config.savedfilter": May(SUPERUSERS),
    "config.alert": May(EVERYBODY),
    "config.alertmessage": May(),
    "config.workerheartbeat": May(EVERYBODY),
    "config.idempotencykey": May(),
    "django_q.failure": May(),
    "django_q.ormq": May(),
    "django_q.schedule": May(),
    "mfa.authenticator": May(SUPERUSERS, delete=SUPERUSERS),
    "socialaccount.socialaccount": May(SUPERUSERS, delete=SUPERUSERS),
    "inflight.customer": May(),
    "inflight.delivery": May(),
    "inflight.deliveryattempt": May(),
    "inflight.deliverybatch": May(),
    "inflight.erasure": May(),
    "inflight.importreject": May(),
    "inflight.importrun": May(),
    "inflight.pickup": May(),
    "inflight.purchase": May(),
    "ingest.dataentry": May(EVERYBODY),
    "metadata_registry.metadata": May(EVERYBODY, add=OPERATORS, delete=OPERATORS),
    "metadata_registry.metadataevent": May(EVERYBODY),
}
PAGES: dict[str, tuple[str, ...]] = {  # of one model beside the usual ones
    "config_apiclient_new_key": SUPERUSERS,
    "config_apiclient_revoke": SUPERUSERS,
    "config_apikey_revoke": SUPERUSERS,
    "inflight_customer_erase": OPERATORS,
    "inflight_customer_export": OPERATORS,
    "inflight_delivery_send": OPERATORS,
    "inflight_delivery_send_test": OPERATORS,
    "inflight_delivery_retry": OPERATORS,
    "inflight_delivery_pause": OPERATORS,
    "inflight_delivery_resume": OPERATORS,
    "inflight_delivery_send_again": OPERATORS,
    "inflight_deliverybatch_read_body": SUPERUSERS,
    "inflight_importrun_import_files": OPERATORS,
    "inflight_importrun_import_again": OPERATORS,
    "inflight_importrun_mend": OPERATORS,
    "inflight_importrun_progress": ALL,
    "inflight_importrun_rejects": ALL,
    "catalog_productimport_import_files": OPERATORS,
    "catalog_productimport_import_again": OPERATORS,
    "catalog_productimport_mend": OPERATORS,
    "catalog_productimport_progress": EVERYBODY,
    "catalog_productimport_rejects": EVERYBODY,
    "catalog_refreshrun_refresh": OPERATORS,
    "catalog_product_register_again": OPERATORS,
    "ingest_dataentry_publish_again": OPERATORS,
    "compute_job_cancel": PLATFORM,
    "metadata_registry_metadata_compare": EVERYBODY,
    "metadata_registry_metadata_restore": OPERATORS,
    "auth_user_password_change": SUPERUSERS,
}
ACTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "config.apiclient": {"new_key": SUPERUSERS, "revoke": SUPERUSERS},
    "config.apikey": {"revoke": SUPERUSERS},
    "inflight.customer": {"export": OPERATORS, "erase": OPERATORS},
    "inflight.delivery": {
        "retry": OPERATORS,
        "pause": OPERATORS,
        "resume": OPERATORS,
        "send_again": OPERATORS,
    },
    "inflight.deliverybatch": {"read_body": SUPERUSERS},
    "inflight.importrun": {"import_again": OPERATORS},
    "catalog.product": {"register_again": OPERATORS, "delete_selected": OPERATORS},
    "catalog.productimport": {"import_again": OPERATORS},
    "catalog.servicetoken": {"delete_selected": SUPERUSERS},
    "ingest.dataentry": {"publish_again": OPERATORS},
    "compute.job": {"cancel": PLATFORM},
    "metadata_registry.metadata": {"compare": EVERYBODY, "restore": OPERATORS, "delete_selected": OPERATORS},
    "auth.group": {"delete_selected": SUPERUSERS},
    "mfa.authenticator": {"delete_selected": SUPERUSERS},
    "socialaccount.socialaccount": {"delete_selected": SUPERUSERS},
    "auth.user": {"delete_selected": SUPERUSERS},
}
SITE = {  # for everyone who may enter; the login and the logout are for everyone
    "index", "password_change", "password_change_done", "jsi18n", "search", "app_list", "autocomplete", "view_on_site",
    "login", "logout", "save_filter", "delete_filter",
}  # fmt: skip
USUAL = ("changelist", "csv", "xlsx", "add", "change", "delete", "history")


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(role: str) -> Client:
    """A browser in which somebody of the role is logged in."""
    client = Client(headers={"Accept": "text/html"})
    if role == "superuser":
        client.force_login(User.objects.create_superuser(role))
    elif role != "visitor":
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
    return client


def model_of(label: str) -> type[Model]:
    return next(model for model in admin.site._registry if model._meta.label_lower == label)


def page(label: str, name: str, row: Any = None) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{name}", args=() if row is None else (row.pk,))


def a_row(label: str) -> Any:
    model = model_of(label)
    make_rows(model, 1)
    return model._default_manager.order_by("pk").last()


def is_let_in(role: str, answer: Any) -> bool:
    """Return whether somebody was let in; who is not logged in is led to the login instead."""
    if role == "visitor":
        assert answer.status_code == 302
        assert "/login/?next=/admin/" in answer.url
        return False
    assert answer.status_code in (200, 302, 403)
    return bool(answer.status_code != 403)


@pytest.mark.parametrize("label", MODELS)
def test_the_pages_and_actions_of_a_model(client: Client, role: str, label: str) -> None:
    may, row = MODELS[label], a_row(label)
    found = {
        "look": [
            client.get(page(label, "changelist")),
            client.get(page(label, "change", row)),
            client.get(page(label, "history", row)),
            client.get(page(label, "csv")),
            client.get(page(label, "xlsx")),
        ],
        "add": [client.get(page(label, "add")), client.post(page(label, "add"), {})],
        "change": [client.post(page(label, "change", row), {})],
        "delete": [client.get(page(label, "delete", row)), client.post(page(label, "delete", row), {"post": "yes"})],
    }
    for deed, answers in found.items():
        allowed = role in getattr(may, deed)
        assert [is_let_in(role, answer) for answer in answers] == [allowed] * len(answers), deed
        assert [INLINE.findall(text_of(answer)) for answer in answers] == [[]] * len(answers)
    wanted = {name for name, roles in ACTIONS.get(label, {}).items() if role in roles}
    assert actions_offered(found["look"][0]) == wanted
    assert model_of(label)._default_manager.filter(pk=row.pk).exists() or role in may.delete


def text_of(answer: Any) -> str:
    """Return a page; of a file, which is closed once it is read, nothing."""
    content: bytes = answer.getvalue()
    return "" if answer.streaming else content.decode()


def actions_offered(answer: Any) -> set[str]:
    """Return the actions that a list offers for its rows."""
    form = answer.context and answer.context.get("action_form")
    return {name for name, _ in form.fields["action"].choices if name} if form else set()


def queued_job() -> Job:
    make_rows(Job, 1)
    Job.objects.update(status="queued", result_path="")
    return Job.objects.get()


DEEDS: dict[str, Callable[[], Any]] = {
    "inflight_delivery_retry": lambda: Delivery.objects.create(status="failed"),
    "inflight_importrun_import_again": lambda: ImportRun.objects.create(status="failed"),
    "catalog_productimport_import_again": lambda: ProductImport.objects.create(status="failed"),
    "compute_job_cancel": queued_job,
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_pages_of_our_own(client: Client, role: str, name: str, method: str, settings: Any) -> None:
    settings.CUSTOMERS_API_URL = "http://127.0.0.1:9/"  # where nobody listens: a test is sent there
    label = next(label for label in MODELS if name.startswith(label.replace(".", "_") + "_"))
    row = DEEDS.get(name, lambda: a_row(label))()
    pattern = next(pattern for pattern in patterns() if pattern.name == name)
    keyword = next(iter(pattern.pattern.converters), None)
    path = reverse(f"admin:{name}", kwargs={keyword: row.pk} if keyword else None)
    before = states()

    answer = getattr(client, method)(path)

    assert is_let_in(role, answer) is (role in PAGES[name])
    if role not in PAGES[name]:
        assert states() == before


def states() -> list[Any]:
    """Return what operations change."""
    return [list(model._default_manager.order_by("pk").values()) for model in (Customer, Delivery, ImportRun, Job)]


@pytest.mark.parametrize("name", ["index", "password_change", "jsi18n"])
def test_the_pages_of_the_site(client: Client, role: str, name: str) -> None:
    answer = client.get(reverse(f"admin:{name}"))
    assert is_let_in(role, answer) is (role in EVERYBODY)
    assert INLINE.findall(answer.content.decode()) == []


def test_who_is_no_staff_is_not_let_in(client: Client) -> None:
    User.objects.update(is_staff=False)
    assert client.get("/admin/").status_code == 302


def patterns() -> Iterator[URLPattern]:
    """Yield every path of the admin that has a name."""
    site: Any = next(found for found in get_resolver().url_patterns if getattr(found, "namespace", None) == "admin")
    for found in site.url_patterns:
        yield from (each for each in getattr(found, "url_patterns", [found]) if each.name)


def test_the_tables_have_every_page_and_every_action() -> None:
    usual = {f"{label.replace('.', '_')}_{name}" for label in MODELS for name in USUAL}
    assert {pattern.name for pattern in patterns()} == usual | set(PAGES) | SITE
    assert set(MODELS) == {model._meta.label_lower for model in admin.site._registry}
