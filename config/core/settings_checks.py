"""System checks of settings: combinations that cannot work are errors with a mend; risky ones are warnings."""

import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name

from config.core.addresses import may_hold_password
from config.core.alert_settings import alert_errors
from config.core.spark_settings import spark_conf_errors
from config.core.store_settings import azure_errors

ENGINES = ("duckdb", "pandas", "spark")  # compute's; this module imports no app
LEAST_MEMORY = 128 * 1024**2
SPARKS_LEAST_MEMORY = 512 * 1024**2
MOST_IN_FLIGHT = 64  # requests to the partner, each with a thread and a batch in memory
DRIVERS = dict.fromkeys(("s3", "s3a"), "pip install '.[s3]'")
DRIVERS |= dict.fromkeys(("abfs", "abfss", "az"), "pip install '.[azure]'")
DRIVERS |= dict.fromkeys(("sftp", "ssh"), "pip install '.[sftp]'")

SettingError = tuple[str, str, str]  # code, what is wrong, how to mend it


def check_settings(**_: Any) -> list[CheckMessage]:
    """Find settings that cannot work."""
    errors = [
        *_token_errors(),
        *_delivery_errors(),
        *_offers_errors(),
        *_kafka_errors(),
        *_kafka_client_errors(),
        *_ingest_errors(),
        *_compute_errors(),
        *_spark_errors(),
        *_place_errors("COMPUTE_ROOT", settings.COMPUTE_ROOT),
        *_place_errors("IMPORT_INBOX", settings.IMPORT_INBOX),
        *azure_errors(),
        *_inbox_errors(),
        *alert_errors(),
        *_disk_errors(),
        *_other_errors(),
    ]
    return [Error(text, hint=hint, id=f"apron.{code}") for code, text, hint in errors]


def _token_errors() -> Iterator[SettingError]:
    if settings.JWT_ALGORITHM not in {"HS256", "RS256"}:
        yield "E001", f"JWT_ALGORITHM is {settings.JWT_ALGORITHM!r}.", "Set it to HS256 or RS256."
    is_pem = settings.JWT_KEY.startswith("-----BEGIN")
    if settings.JWT_KEY and is_pem != (settings.JWT_ALGORITHM == "RS256"):
        mend = "RS256 takes a public key in PEM, HS256 a shared secret."
        yield "E002", f"JWT_KEY does not fit JWT_ALGORITHM={settings.JWT_ALGORITHM}.", mend
    if settings.JWT_KEY and settings.JWT_ALGORITHM == "HS256" and len(settings.JWT_KEY.encode()) < 32:
        mend = "Make one: python -c 'import secrets; print(secrets.token_hex(32))'"
        yield "E003", "JWT_KEY is shorter than 32 bytes.", mend

    if settings.JWKS_URL and settings.JWT_ALGORITHM != "RS256":
        yield "E010", "JWKS_URL is set, and JWT_ALGORITHM is not RS256.", "Key sets hold public keys: set RS256."


def _compute_errors() -> Iterator[SettingError]:
    if settings.COMPUTE_ENGINE not in ENGINES:
        yield "E011", f"COMPUTE_ENGINE is {settings.COMPUTE_ENGINE!r}.", f"Set it to one of {', '.join(ENGINES)}."
    if settings.COMPUTE_MEMORY_LIMIT < LEAST_MEMORY:
        yield "E012", "COMPUTE_MEMORY_LIMIT is below 128 MB.", "Give bytes, such as 536870912."
    positive = ("CONCURRENCY", "THREADS", "TIMEOUT_SECONDS", "WAITERS", "QUEUE_LIMIT", "MAX_UPLOAD", "MAX_RESULT")
    for name in (*(f"COMPUTE_{each}" for each in positive), "RESULT_RETENTION_DAYS"):
        if getattr(settings, name) <= 0:
            yield "E013", f"{name} is not above 0.", "Give a positive number, or leave it unset."


def _spark_errors() -> Iterator[SettingError]:
    if settings.COMPUTE_ENGINE != "spark":
        return
    if find_spec("pyspark") is None:
        yield "E014", "COMPUTE_ENGINE is spark, and pyspark is not installed.", "pip install '.[spark]'"
    if not settings.SPARK_REMOTE and not (settings.JAVA_HOME or which("java")):
        yield "E015", "COMPUTE_ENGINE is spark, and there is no Java.", "Install Java 17 or newer, or set SPARK_REMOTE."
    if settings.SPARK_REMOTE and not settings.SPARK_REMOTE.startswith("sc://"):
        yield "E016", "SPARK_REMOTE is no Spark Connect server.", "Give its address: sc://host:15002."
    if not settings.SPARK_REMOTE and settings.COMPUTE_MEMORY_LIMIT < SPARKS_LEAST_MEMORY:
        yield "E012", "COMPUTE_MEMORY_LIMIT is below the 512 MB that Spark needs.", "Give bytes, such as 536870912."
    yield from spark_conf_errors()


def _place_errors(name: str, place: str) -> Iterator[SettingError]:
    scheme, is_url, _ = place.partition("://")
    if not is_url:
        return
    if scheme in {"file", "local"}:
        yield "E017", f"{name} is the URL of a folder.", "Give its plain path, whose links are looked into."
        return
    if may_hold_password(place):
        yield (
            "E019",
            f"{name} holds a password or a signature.",
            "Leave it out: drivers take it from the environment (docs/operations.md).",
        )
    from fsspec import get_filesystem_class  # noqa: PLC0415 - a tenth of a second, for those who have no URL

    try:
        get_filesystem_class(scheme)
    except (ImportError, ValueError) as error:
        mend = DRIVERS.get(scheme, f"Install fsspec's driver for {scheme}://.")
        yield "E018", f"{name} is {scheme}://…, and its driver is not there: {error}", mend


def _inbox_errors() -> Iterator[SettingError]:
    place = settings.IMPORT_INBOX
    if place and "://" not in place:
        inbox, roots = Path(place).resolve(), [root.resolve() for root in settings.IMPORT_ROOTS]
        if not (inbox.is_dir() and os.access(inbox, os.R_OK | os.W_OK | os.X_OK)):
            mend = "Make it, and let Apron's user read and write it: files are moved to done/ and failed/ in it."
            yield "E060", f"IMPORT_INBOX is {place}, which is no folder that can be read and written.", mend
        if any(inbox.is_relative_to(root) for root in roots):
            mend = "Give it a place of its own: what lies there may be half written, and is moved away."
            yield "E061", f"IMPORT_INBOX is {place}, which lies in one of IMPORT_ROOTS.", mend
    if settings.IMPORT_INBOX_PATTERN.lower().count("customers") != 1 or "/" in settings.IMPORT_INBOX_PATTERN:
        mend = "Give that of the customers' file, such as *customers*.csv*; the other file has purchases in its place."
        yield "E062", f"IMPORT_INBOX_PATTERN is {settings.IMPORT_INBOX_PATTERN!r}.", mend
    if settings.IMPORT_THEN_SEND not in {"", "changed"}:
        yield "E063", f"IMPORT_THEN_SEND is {settings.IMPORT_THEN_SEND!r}.", "Set it to changed, or leave it unset."


def _disk_errors() -> Iterator[SettingError]:
    if settings.DISK_LEAST_FREE_BYTES < 0:
        yield "E170", "DISK_LEAST_FREE_BYTES is below 0.", "Give bytes, such as 268435456."


def _delivery_errors() -> Iterator[SettingError]:
    if urlsplit(settings.CUSTOMERS_API_URL).scheme not in {"http", "https"}:
        yield "E004", f"CUSTOMERS_API_URL is {settings.CUSTOMERS_API_URL!r}.", "Give an http or https address."
    if settings.DELIVERY_BATCH_SIZE < 1:
        yield "E005", "DELIVERY_BATCH_SIZE is below 1.", "Set how many customers one request carries, such as 500."
    if not 1 <= settings.PARTNER_WINDOW <= MOST_IN_FLIGHT:
        mend = f"Set how many requests the partner may get at once, 1 to {MOST_IN_FLIGHT}."
        yield "E028", f"PARTNER_WINDOW is {settings.PARTNER_WINDOW}.", mend
    if any(seconds < 0 for seconds in settings.DELIVERY_SCHEDULE):
        yield "E006", "DELIVERY_SCHEDULE has a negative wait.", "Give seconds by commas, such as 5,300,1800."
    if settings.CUSTOMER_RETENTION_DAYS < 0:
        yield "E009", "CUSTOMER_RETENTION_DAYS is below 0.", "Give days, or 0 to keep customers until they are erased."


def _offers_errors() -> Iterator[SettingError]:
    if urlsplit(settings.OFFERS_BASE_URL).scheme not in {"http", "https"} or len(settings.OFFERS_BASE_URL) > 500:
        yield "E020", f"OFFERS_BASE_URL is {settings.OFFERS_BASE_URL!r}.", "Give an http or https address."
    token = settings.OFFERS_REFRESH_TOKEN
    if not (token.isascii() and token.isprintable()) or " " in token:
        yield "E021", "OFFERS_REFRESH_TOKEN cannot be sent in a header.", "Give it without spaces or line breaks."
    if not 1 <= settings.REFRESH_CONCURRENCY <= 256:
        yield (
            "E022",
            "REFRESH_CONCURRENCY is not from 1 to 256.",
            "Set how many questions are asked at once, such as 16.",
        )
    if settings.HISTORY_RETENTION_DAYS < 30:
        mend = "Keep at least the 30 days that lowest_30d_before looks at."
        yield "E023", "HISTORY_RETENTION_DAYS is below 30.", mend


def _kafka_errors() -> Iterator[SettingError]:
    protocol, mechanism = settings.KAFKA_SECURITY_PROTOCOL, settings.KAFKA_SASL_MECHANISM
    if protocol not in {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}:
        mend = "Set it to PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
        yield "E030", f"KAFKA_SECURITY_PROTOCOL is {protocol!r}.", mend
    if protocol.startswith("SASL_") and mechanism not in {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}:
        mend = "Set it to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."
        yield "E031", f"KAFKA_SECURITY_PROTOCOL={protocol} and KAFKA_SASL_MECHANISM is {mechanism!r}.", mend
    if protocol.startswith("SASL_") and not (settings.KAFKA_SASL_USERNAME and settings.KAFKA_SASL_PASSWORD):
        mend = "Set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD."
        yield "E032", f"KAFKA_SECURITY_PROTOCOL={protocol} without a user name and a password.", mend
    for name in ("KAFKA_SSL_CAFILE", "KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE"):
        path = getattr(settings, name)
        if path and not os.access(path, os.R_OK):
            yield (
                "E033",
                f"{name} names {path}, which cannot be read.",
                "Give the path of a PEM file, or leave it unset.",
            )


def _kafka_client_errors() -> Iterator[SettingError]:
    if settings.KAFKA_CLIENT not in {"kafka-python", "librdkafka"}:
        yield "E187", f"KAFKA_CLIENT is {settings.KAFKA_CLIENT!r}.", "Set it to kafka-python or librdkafka."
    if settings.KAFKA_CLIENT == "librdkafka" and find_spec("confluent_kafka") is None:
        mend = "pip install '.[librdkafka]'"
        yield "E188", "KAFKA_CLIENT is librdkafka, and confluent-kafka is not installed.", mend


def _ingest_errors() -> Iterator[SettingError]:
    if settings.KAFKA_KEY not in {"data_entry", "entry-id"}:
        mend = "Set it to data_entry (one partition, one order) or entry-id (all partitions)."
        yield "E034", f"KAFKA_KEY is {settings.KAFKA_KEY!r}.", mend
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", settings.KAFKA_TOPIC):
        yield "E035", f"KAFKA_TOPIC is {settings.KAFKA_TOPIC!r}.", "Use letters, digits, dot, underscore and hyphen."
    for name in ("KAFKA_ACK_SECONDS", "INGEST_BULK_LIMIT", "INGEST_BACKLOG_LIMIT", "INGEST_MAX_BYTES"):
        if getattr(settings, name) <= 0:
            yield "E036", f"{name} is not above 0.", "Give a positive number, or leave it unset."
    if settings.INGEST_RETENTION_DAYS < 0:
        yield "E220", "INGEST_RETENTION_DAYS is below 0.", "Give days, or 0 to keep published entries for ever."
    if settings.INGEST_MAX_STREAM <= 0:
        yield "E221", "INGEST_MAX_STREAM is not above 0.", "Give bytes, or leave it unset."


def _other_errors() -> Iterator[SettingError]:
    if settings.LOG_FORMAT not in {"json", "text"}:
        yield "E007", f"LOG_FORMAT is {settings.LOG_FORMAT!r}.", "Set it to json or text."
    retentions = [f"{what}_RETENTION_DAYS" for what in ("DELIVERY", "ATTEMPT", "METADATA", "REJECT", "UPLOAD")]
    for name in ("SEND_BUDGET_SECONDS", "WORKER_STALL_SECONDS", *retentions):
        if getattr(settings, name) <= 0:
            yield "E008", f"{name} is not above 0.", "Give a positive number, or leave it unset."


def check_deployment(**_: Any) -> list[CheckMessage]:
    """Find settings that are fine on a desk and a risk in production."""
    return [Warning(text, hint=hint, id=f"apron.{code}") for code, text, hint in _risks()]


def _risks() -> Iterator[SettingError]:
    if not settings.REQUIRE_TOKEN:
        yield (
            "W001",
            "REQUIRE_TOKEN is false: everyone who reaches the server may use the API.",
            "Set REQUIRE_TOKEN=true.",
        )
    if settings.API_TOKEN == "apron-dev":  # noqa: S105 - the very value to warn about
        yield "W002", "API_TOKEN is the one of the documentation.", "Set a long random API_TOKEN, and DEBUG=false."
    if Path("/") in [root.resolve() for root in settings.IMPORT_ROOTS]:
        yield (
            "W003",
            "IMPORT_ROOTS holds /: every file of the server can be imported.",
            "Name the folders that sales land in.",
        )
    if not settings.HTTPS_ONLY:
        yield (
            "W004",
            "HTTPS_ONLY is false: cookies and tokens may travel in the clear.",
            "End TLS in front, set HTTPS_ONLY=true.",
        )
