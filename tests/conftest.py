"""What every test may use: an API client, tokens, and the outside world on real sockets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import environ
import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from django.test import TransactionTestCase, override_settings
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient
from xdist.scheduler import LoadFileScheduling

from tests.databases import Migrated, make_template, migrated_database
from tests.fakes.object_store import ObjectStore
from tests.fakes.partner import Partner

NOWHERE = "http://127.0.0.1:9/no-test-may-call-this"
# They use no database, or nothing that one does otherwise than another: they run once, with the tests on SQLite.
WITHOUT_DATABASE = [
    "catalog/test_charts.py",
    "catalog/test_offers_client.py",
    "catalog/test_trend.py",
    "cicd",
    "compute/engines",
    "compute/operations",
    "compute/reading",
    "compute/api/test_api.py",
    "compute/files/test_truncation.py",
    "compute/api/test_files_api.py",
    "compute/files/test_object_storage.py",
    "compute/files/test_object_storage_jobs.py",
    "compute/files/test_storage.py",
    "compute/pages/test_tables.py",
    "compute/files/test_versions.py",
    "config/access/test_people_checks.py",
    "config/admin/test_permissions.py",
    "config/pages/test_csp.py",
    "config/core/test_database_url.py",
    "config/http/test_auth.py",
    "config/http/test_client.py",
    "config/http/test_measuring.py",
    "config/http/test_oauth2.py",
    "config/http/test_settings_checks.py",
    "config/http/test_public.py",
    "config/http/test_retries.py",
    "config/telemetry/test_errors.py",
    "config/telemetry/test_export.py",
    "config/telemetry/test_faults.py",
    "config/telemetry/test_settings_checks.py",
    "config/core/test_json.py",
    "config/api/test_jwks.py",
    "config/core/test_loading.py",
    "config/core/test_logging.py",
    "config/core/test_generated_secrets.py",
    "config/api/test_openapi.py",
    "config/api/test_problems.py",
    "config/pages/test_static.py",
    "config/core/test_settings_checks.py",
    "inflight/pickup/test_full_disk.py",
    "config/monitoring/test_disk.py",
    "config/monitoring/test_metrics_of_processes.py",
    "config/monitoring/test_settings_checks.py",
    "ops",
    "sso/test_oidc.py",
    "sso/test_saml.py",
    "sso/test_saml_provider.py",
    "test_architecture.py",
    "test_docs.py",
    "test_full_disk.py",
    "test_page_permissions.py",
    "test_sources.py",
]
collect_ignore = WITHOUT_DATABASE if "postgresql" in django_settings.DATABASES["default"]["ENGINE"] else []


# Begun last, they would keep a worker of xdist busy after all others have ended: tests that wait for processes, for many
# seconds, and files with much to compute.
WAITING = (
    "api/test_schema.py",
    "config/core/test_migrate.py",
    "config/monitoring/test_metrics_of_processes.py",
    "config/telemetry/test_errors.py",
    "config/telemetry/test_faults.py",
    "config/worker/test_alerts.py",
    "config/worker/test_worker.py",
    "inflight/pickup/test_killed.py",
    "inflight/test_crash.py",
    "ingest/test_survival.py",
    "tests/test_full_disk.py",
)
COMPUTING = (
    "compute/engines/test_hard_table.py",
    "compute/files/test_object_storage.py",
    "compute/files/test_object_storage_jobs.py",
    "compute/operations/test_operations.py",
    "compute/engines/test_plain_csv.py",
    "config/admin/test_permissions.py",
)


def _is_in(files: tuple[str, ...], nodeid: str) -> bool:
    return any(name in nodeid for name in files)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long; leave the rest in its random order."""
    items.sort(key=lambda item: (not _is_in(WAITING, item.nodeid), not _is_in(COMPUTING, item.nodeid)))


class WholeFiles(LoadFileScheduling):
    """Gives a worker a file, whose fixtures and rare imports are made once; of those that wait, a test."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if _is_in(WAITING, nodeid) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFiles:
    """Tell xdist who gets which tests."""
    return WholeFiles(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let xdist's controller, which has nothing to collect, do once what its workers need."""
    if session.config.pluginmanager.hasplugin("dsession"):
        make_template()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A copy of the run's migrated database, in place of pytest-django's, which each process migrates."""
    with migrated_database(tmp_path_factory.mktemp("database")) as url:
        connection.settings_dict["NAME"] = environ.Env.db_url_config(url)["NAME"]
        with django_db_blocker.unblock():
            migrated = Migrated()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: migrated.restore())
            yield
        connections.close_all()


@pytest.fixture(scope="session", autouse=True)
def _plain_settings() -> Iterator[None]:
    """Settings that no test gets from the machine it runs on, and waits that no test has to sit out."""
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # a slow one costs each login 0.3 s
        WHITENOISE_AUTOREFRESH=True,  # else each client looks for all static files there are, for 40 ms
        API_TOKEN="test-token",
        REQUIRE_TOKEN=False,
        JWT_KEY="",
        IMPORT_ROOTS=[],
        IMPORT_INBOX="",
        IMPORT_THEN_SEND="",
        SEND_BUDGET_SECONDS=1.0,
        CUSTOMERS_API_URL=NOWHERE,
        OFFERS_BASE_URL=NOWHERE,
        PARTNER_AUTH="none",
        LOCAL_LOGIN=True,
        REQUIRE_SECOND_FACTOR=False,
        SSO_OIDC_ISSUER="",
        SSO_SAML_METADATA_URL="",
        SSO_SAML_KEY="",
        SSO_GROUPS=[],
        PARTNER_WEBHOOK_SECRETS=[],
        **{
            f"{each}_{name}": ""
            for each in ("PARTNER", "OFFERS")
            for name in ("CLIENT_CERT", "CLIENT_KEY", "CA", "PROXY")
        },
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests, and the processes that they start, count is not the machine's."""
    folder = str(tmp_path_factory.mktemp("metrics"))
    with pytest.MonkeyPatch.context() as patch, override_settings(METRICS_DIR=folder):
        patch.setenv("METRICS_DIR", folder)
        yield


@pytest.fixture
def api() -> APIClient:
    """A client without a token."""
    return APIClient()


@pytest.fixture
def partner(settings: Any) -> Iterator[Partner]:
    """The partner API; settings point to it."""
    with Partner() as server:
        settings.CUSTOMERS_API_URL = server.customers_url
        yield server


@pytest.fixture(scope="session")
def store_servers() -> Iterator[Callable[[str], ObjectStore]]:
    """Object stores by name, each started once, when it is first asked for."""
    from tests.fakes.stores import started  # noqa: PLC0415 - moto takes half a second

    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(started(name)))
