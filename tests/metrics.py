"""What `GET /metrics` says, to be asked by name and labels."""

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse(text: str) -> Samples:
    """Return all samples of an exposition by their name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape() -> Samples:
    """Return what this process exposes."""
    return parse(Client().get("/api/metrics").content.decode())


def value(samples: Samples, name: str, **labels: str) -> float:
    """Return a sample's value; 0 where there is none yet."""
    return samples.get((name, frozenset(labels.items())), 0.0)


def label_values(samples: Samples, name: str, label: str) -> set[str]:
    """Return the values that a label has in all samples of that name."""
    return {dict(labels)[label] for each, labels in samples if each == name}
