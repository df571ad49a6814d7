"""What every test may use: an API client, tokens, and the outside world on real sockets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from rest_framework.test import APIClient
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.fakes.partner import Partner

# They use no database, or nothing that one does otherwise than another: they run once, with the tests on SQLite.
WITHOUT_DATABASE = [
    "catalog/test_offers_client.py",
    "compute/test_file_end.py",
    "compute/test_hard_table.py",
    "compute/test_hard_values.py",
    "compute/test_object_storage.py",
    "compute/test_operations.py",
    "compute/test_spark.py",
    "compute/test_storage.py",
    "compute/test_tables.py",
    "config/test_http.py",
    "test_architecture.py",
    "test_docs.py",
]
collect_ignore = WITHOUT_DATABASE if "postgresql" in django_settings.DATABASES["default"]["ENGINE"] else []


class OneWithSpark(LoadScopeScheduling):
    """Any worker runs any test, but one runs all those with Spark, and alone pays for its start.

    xdist has groups for that, which pytest 9.2 takes no notice of.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "spark" if "spark" in nodeid else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return OneWithSpark(config, log) if config.getoption("dist") == "load" else None


@pytest.fixture(autouse=True)
def _plain_settings(settings: Any, tmp_path: Path) -> None:
    """Settings that no test gets from the machine it runs on, and waits that no test has to sit out."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow one costs each login 0.3 s
    settings.WHITENOISE_AUTOREFRESH = True  # else each client looks for all static files there are, for 40 ms
    settings.API_TOKEN = "test-token"
    settings.REQUIRE_TOKEN = False
    settings.JWT_KEY = ""
    settings.IMPORT_ROOTS = [tmp_path]
    settings.SEND_BUDGET_SECONDS = 1.0
    settings.CUSTOMERS_API_URL = settings.OFFERS_BASE_URL = "http://127.0.0.1:9/no-test-may-call-this"


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
