"""`python -m benchmarks.traces`: what traces and Sentry cost POST /data, in CPU of the web processes and in requests/s.

The same Apron several times, each with a PostgreSQL, a broker and a relay of its own, taking turns. Needs wrk.
"""

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

import orjson

from benchmarks.ingest import CONTENT, wrk
from tests.fakes.collector import Collector
from tests.fakes.faulty import Received
from tests.fakes.platform import Platform


class Forgetful(Collector):
    """Takes spans and keeps none."""

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        self.received.clear()
        return super().answer(request)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with ExitStack() as stack:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.enter_context(Forgetful()).url}
        sampled = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.05"}
        kinds = {"neither": {}, "SENTRY_DSN": {"SENTRY_DSN": "http://key@127.0.0.1:9/1"}}
        kinds |= {"every 20th trace": {**traced, **sampled}, "every trace": traced}
        platforms = {name: _start(stack, environment) for name, environment in kinds.items()}
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
        for number in range(options.rounds + 1):
            for name, platform in list(platforms.items())[:: (-1) ** number]:
                run = _measure(platform, options.seconds)
                if number:  # the first warms up
                    results[name].append(run)
    print(f"{'':20}{'CPU/request':>14}{'requests/s':>12}")
    for name, runs in results.items():
        cpu, rate = (statistics.median(run[place] for run in runs) for place in (0, 1))
        print(f"{name:20}{cpu * 1e6:11.0f} µs{rate:12.0f}")


def _start(stack: ExitStack, environment: dict[str, str]) -> Platform:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="apron-bench-")))
    folder.chmod(0o755)
    return stack.enter_context(Platform(folder, backlog_limit=10_000_000, environment=environment))


def _measure(platform: Platform, seconds: float) -> tuple[float, float]:
    """Return the seconds of CPU that a request took of the web processes, and how many were answered in a second."""
    before = platform.web_cpu_seconds()
    rate, _, bad = wrk(platform.url, seconds, orjson.dumps({"content": CONTENT}), {"Content-Type": "application/json"})
    if bad or not rate:
        raise SystemExit(f"{bad} answers were no 2xx")
    return (platform.web_cpu_seconds() - before) / (rate * seconds), rate


if __name__ == "__main__":
    main()
