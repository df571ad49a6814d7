"""System checks of the settings of traces and errors."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

SAMPLERS = {"always_on", "always_off", "traceidratio"}
SAMPLERS |= {f"parentbased_{each}" for each in SAMPLERS}


def check_telemetry(**_: Any) -> list[CheckMessage]:
    """Find settings of traces and errors that cannot work."""
    errors = [*_trace_errors(), *_sentry_errors()]
    return [Error(text, hint=hint, id=f"apron.{code}") for code, text, hint in errors]


def _trace_errors() -> Iterator[tuple[str, str, str]]:
    if not settings.TRACES_ON:
        return
    if not _is_there("opentelemetry.exporter.otlp.proto.http"):
        yield "E180", "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed.", "pip install '.[otel]'"
    if not _is_address(settings.OTEL_EXPORTER_OTLP_ENDPOINT):
        mend = "Give the collector's address for OTLP over HTTP, such as http://collector:4318."
        yield "E181", "OTEL_EXPORTER_OTLP_ENDPOINT is no http or https address.", mend
    if settings.OTEL_EXPORTER_OTLP_PROTOCOL != "http/protobuf":
        mend = "Leave it unset, and name the collector's port for HTTP, which is 4318."
        yield "E182", f"OTEL_EXPORTER_OTLP_PROTOCOL is {settings.OTEL_EXPORTER_OTLP_PROTOCOL!r}.", mend
    if settings.OTEL_TRACES_SAMPLER not in SAMPLERS:
        mend = f"Set it to one of {', '.join(sorted(SAMPLERS))}."
        yield "E183", f"OTEL_TRACES_SAMPLER is {settings.OTEL_TRACES_SAMPLER!r}.", mend
    if not _is_share(settings.OTEL_TRACES_SAMPLER_ARG):
        mend = "Give the share of traces that is kept, from 0 to 1."
        yield "E184", f"OTEL_TRACES_SAMPLER_ARG is {settings.OTEL_TRACES_SAMPLER_ARG!r}.", mend


def _sentry_errors() -> Iterator[tuple[str, str, str]]:
    if not settings.SENTRY_DSN:
        return
    if not _is_there("sentry_sdk"):
        yield "E185", "SENTRY_DSN is set, and Sentry's package is not installed.", "pip install '.[sentry]'"
    parts = urlsplit(settings.SENTRY_DSN)
    if not (_is_address(settings.SENTRY_DSN) and parts.username and parts.path.rpartition("/")[2].isdigit()):
        mend = "Copy it from the project's settings in Sentry: https://key@host/number."
        yield "E186", "SENTRY_DSN is no DSN of Sentry.", mend


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # of a package around it
        return False


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text or 1) <= 1
    except ValueError:
        return False
