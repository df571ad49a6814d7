"""Log lines: JSON with the request's id in production, readable ones on a terminal."""

import json

import pytest

from tests.config.processes import run_python

TALK = """
import logging
logging.getLogger("apron.test").warning("Batch %d: %s", 7, "late")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("apron.test").exception("It broke")
"""
FAIL = """
from django.conf import settings
from django.test import Client
settings.ROOT_URLCONF = "tests.config.urls"
print(Client(headers={"host": "localhost"}).get("/api-failure").json()["instance"])
"""


@pytest.fixture(scope="module")
def json_lines() -> list[str]:
    """What a process says in JSON."""
    return run_python(TALK, LOG_FORMAT="json").stderr.splitlines()


def test_json_lines_have_time_level_logger_message_and_request_id(json_lines: list[str]) -> None:
    line = json.loads(json_lines[0])
    assert line.pop("time")
    assert line == {"level": "WARNING", "logger": "apron.test", "message": "Batch 7: late", "request_id": "-"}


def test_a_traceback_stays_on_the_one_json_line_it_belongs_to(json_lines: list[str]) -> None:
    assert "ZeroDivisionError" in json.loads(json_lines[1])["exc_info"]
    assert len(json_lines) == 2


def test_text_lines_are_for_people() -> None:
    line = run_python(TALK, LOG_FORMAT="text").stderr.splitlines()[0]
    assert line.endswith("WARNING apron.test [-] Batch 7: late")


@pytest.mark.django_db
def test_the_line_of_a_failed_request_has_the_id_that_the_client_was_given() -> None:
    process = run_python(FAIL)
    lines = [json.loads(line) for line in process.stderr.splitlines()]
    assert {line["request_id"] for line in lines if line["level"] == "ERROR"} == {process.stdout.strip()}
