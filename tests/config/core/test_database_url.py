"""What DATABASE_URL says is what Django gets."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

SHOW = "import json; from config import settings; print(json.dumps(settings.DATABASES['default']))"


def database_of(url: str) -> Any:
    environment = os.environ | {"DATABASE_URL": url}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(shown.stdout)


@pytest.mark.parametrize(("query", "seconds"), [("", 3), ("&connect_timeout=9", 9)])
def test_options_of_the_address_are_kept_beside_ours_and_the_pool(query: str, seconds: int) -> None:
    options = database_of(f"postgres://u:p@db.example.net:5432/apron?sslmode=require{query}")["OPTIONS"]
    assert (options["sslmode"], options["connect_timeout"]) == ("require", seconds)
    assert options["tcp_user_timeout"] == 10_000
    assert options["pool"]["max_size"] == 21


def test_an_address_may_have_several_hosts() -> None:
    found = database_of("postgres://u:p@one:5432,two:5433/apron?target_session_attrs=read-write")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("one,two", "5432,5433", "apron")
    assert found["OPTIONS"]["target_session_attrs"] == "read-write"
