"""Settings of traces and errors that cannot work are found at the start."""

from typing import Any

import pytest

from config.core.telemetry.settings_checks import check_telemetry
from tests.config.processes import run_python

WELL: dict[str, Any] = {
    "TRACES_ON": True,
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "0.1",
    "SENTRY_DSN": "https://key@o1.ingest.sentry.io/7",
}
WITHOUT_EXTRAS = """
class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {"opentelemetry", "sentry_sdk"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from config.core.telemetry.settings_checks import check_telemetry
from config.core.telemetry.start import preload, start
print(*[message.id for message in check_telemetry()])
preload()
start("web")
"""


def codes(settings: Any, **changes: Any) -> list[str]:
    for name, value in {**WELL, **changes}.items():
        setattr(settings, name, value)
    return [str(message.id).removeprefix("apron.") for message in check_telemetry()]


def test_good_settings_pass(settings: Any) -> None:
    assert codes(settings) == []
    assert codes(settings, TRACES_ON=False, OTEL_EXPORTER_OTLP_ENDPOINT="nonsense", SENTRY_DSN="") == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "E181"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "E182"),
        ("OTEL_TRACES_SAMPLER", "some", "E183"),
        ("OTEL_TRACES_SAMPLER_ARG", "10 %", "E184"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5", "E184"),
        ("SENTRY_DSN", "https://sentry.io/7", "E186"),
        ("SENTRY_DSN", "key", "E186"),
    ],
)
def test_a_setting_that_cannot_work_is_found(settings: Any, name: str, value: str, code: str) -> None:
    assert codes(settings, **{name: value}) == [code]


def test_a_package_that_is_not_installed_is_found() -> None:
    process = run_python(
        WITHOUT_EXTRAS, OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318", SENTRY_DSN=WELL["SENTRY_DSN"]
    )
    assert process.stdout.split() == ["apron.E180", "apron.E185"]
    assert "Traces are not sent" in process.stderr
    assert "Errors are not told to Sentry" in process.stderr
