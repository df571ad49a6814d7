"""Errors told to a Sentry on a real socket: what breaks a view, a task or a command arrives, without what it was about."""

import json
import time
from collections.abc import Iterator

import pytest
from django_q.models import Schedule

from config.worker.queue import wake
from tests.config.processes import run_python, start
from tests.fakes.faulty import Fault, wait_until
from tests.fakes.sentry import Sentry

TOKEN, PERSON = "a-token-that-nothing-may-tell-of", "Gruenwald"
FAIL = f"""
from config.core.telemetry.start import start
start("web")
from django.conf import settings
from django.test import Client
settings.ROOT_URLCONF = "tests.config.urls"
client = Client(headers={{"host": "localhost", "authorization": "Bearer {TOKEN}", "cookie": "sessionid={TOKEN}"}})
answer = client.get("/plain-failure?email={PERSON}@x.fr")
print(answer.headers["X-Request-ID"])
"""
LOG = """
import os
from config.core.telemetry.start import start
start("relay")
import logging
person = os.environ["PERSON"]  # not in the line of the code, which is told
logging.getLogger("apron").error("Batch %d of %s is lost", 7, person, extra={"email": person})
logging.getLogger("apron").warning("This is none: %s", person)
raise KeyError(person)
"""
FULL_DISK = """
import os
from config.core.telemetry.start import start
start("relay")
import logging
person = os.environ["PERSON"]
try:
    raise OSError(28, person)
except OSError:
    logging.getLogger("apron").exception("The file of %s is lost", person)
"""


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    with Sentry() as server:
        yield server


@pytest.mark.django_db
def test_a_failed_request_is_told_with_its_id_its_route_and_where_it_broke(sentry: Sentry) -> None:
    process = run_python(FAIL, SENTRY_DSN=sentry.dsn, SENTRY_ENVIRONMENT="rehearsal", SENTRY_RELEASE="apron@7")
    [event] = sentry.events
    assert event["tags"] == {"service": "web", "request_id": process.stdout.strip(), "trace_id": "-"}
    assert (event["environment"], event["release"], event["level"]) == ("rehearsal", "apron@7", "error")
    assert event["transaction"] == "GET plain-failure"
    [raised] = event["exception"]["values"]
    assert raised["type"] == "RuntimeError"
    assert raised["stacktrace"]["frames"][-1]["function"] == "plain_failure"
    assert raised["stacktrace"]["frames"][-1]["context_line"].strip() == "raise RuntimeError(SECRET)"


@pytest.mark.django_db
def test_nothing_that_a_request_held_is_told(sentry: Sentry) -> None:
    run_python(FAIL, SENTRY_DSN=sentry.dsn)
    told = b"".join(sentry.envelopes)
    assert b"plain_failure" in told
    for secret in (TOKEN, PERSON, "email="):
        assert secret.encode() not in told, secret


def test_a_line_of_the_log_is_told_without_its_values_and_a_crash_without_its_text(sentry: Sentry) -> None:
    process = run_python(LOG, SENTRY_DSN=sentry.dsn, PERSON=PERSON)
    assert process.returncode == 1
    line, crash = sentry.events
    assert line["logentry"] == {"message": "Batch %d of %s is lost"}
    assert [each["type"] for each in crash["exception"]["values"]] == ["KeyError"]
    assert PERSON.encode() not in b"".join(sentry.envelopes)


def test_a_full_disk_is_told_without_the_values_that_the_log_has(sentry: Sentry) -> None:
    process = run_python(FULL_DISK, SENTRY_DSN=sentry.dsn, PERSON=PERSON)
    said = "is lost: No space is left on a disk of this machine; it goes on by itself when there is"
    assert f"The file of {PERSON} {said}" in process.stderr
    [event] = sentry.events
    assert event["logentry"] == {"message": f"The file of %s {said}"}
    assert PERSON.encode() not in b"".join(sentry.envelopes)


@pytest.mark.django_db(transaction=True)
def test_a_task_that_breaks_is_told(sentry: Sentry) -> None:
    Schedule.objects.all().delete()
    worker = start("manage.py", "run_worker", SENTRY_DSN=sentry.dsn)
    try:
        wake("tests.config.effects.break_down", PERSON)
        [event] = wait_until(lambda: sentry.events, seconds=60, what="the event")
    finally:
        worker.terminate()
        worker.communicate(timeout=30)
    [raised] = event["exception"]["values"]
    assert (raised["type"], event["tags"]["service"]) == ("RuntimeError", "worker")
    assert raised["stacktrace"]["frames"][-1]["function"] == "break_down"
    assert PERSON.encode() not in b"".join(sentry.envelopes)


@pytest.mark.django_db
def test_neither_the_request_nor_the_end_of_the_process_waits_for_a_sentry_that_hangs(sentry: Sentry) -> None:
    sentry.fail_next(*[Fault(hang_seconds=300)] * 100)
    began = time.monotonic()
    assert run_python(FAIL, SENTRY_DSN=sentry.dsn).returncode == 0
    assert time.monotonic() - began < 50  # most of it is the start of Python
    wait_until(lambda: sentry.received, what="the envelope")


@pytest.mark.parametrize(
    "environment", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}]
)
def test_where_both_are_off_neither_package_is_loaded(environment: dict[str, str]) -> None:
    code = """
import config.server.wsgi, json
print(json.dumps([name for name in sys.modules if name.split(".")[0] in ("sentry_sdk", "opentelemetry")]))
"""
    process = run_python(code, **environment)
    assert json.loads(process.stdout) == []
