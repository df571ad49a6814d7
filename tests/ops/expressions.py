"""The expressions of ops/; `python -m tests.ops.expressions FILE` writes those of the dashboards as rules for promtool."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

OPS = Path(__file__).resolve().parent.parent.parent / "ops"
DASHBOARDS = sorted((OPS / "grafana").glob("*.json"))
NAME = re.compile(r"\b(apron_\w+)")
VARIABLES = {"$__rate_interval": "5m", "$job": "apron"}


def rules() -> list[dict[str, Any]]:
    """Return the alerting rules."""
    groups = yaml.safe_load((OPS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(dashboard: Path) -> list[dict[str, Any]]:
    """Return the panels of a dashboard."""
    found: list[dict[str, Any]] = json.loads(dashboard.read_text())["panels"]
    return found


def queries(dashboard: Path) -> Iterator[str]:
    """Yield the queries of a dashboard as Grafana sends them, its variables' too."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            yield _filled(target["expr"])
    for variable in json.loads(dashboard.read_text())["templating"]["list"]:
        if variable["type"] == "query":
            yield re.sub(r"label_values\((\w+), \w+\)", r"\1", variable["definition"])


def _filled(expression: str) -> str:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def metric_names(expression: str) -> set[str]:
    """Return the names of our metrics in an expression."""
    return set(NAME.findall(expression))


def main(target: str) -> None:
    """Write each query as a recording rule."""
    found = [query for dashboard in DASHBOARDS for query in queries(dashboard)]
    recorded = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(found)]
    Path(target).write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": recorded}]}))


if __name__ == "__main__":
    main(sys.argv[1])
