"""Validate payloads with a JSON Schema, which GET /metadata/schema serves. Imports no models."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError

from config.core.json import loads

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Metadata payload",
    "description": "What the data platform must know about a source. Other members are kept as they are.",
    "type": "object",
    "required": ["sourceName"],
    "properties": {
        "sourceName": {"type": "string", "description": "the source that the metadata is about"},
        "jobCluster": {
            "type": "object",
            "description": "the size of the cluster that runs the source's jobs",
            "properties": {
                "min_workers": {"type": "integer", "minimum": 0},
                "max_workers": {"type": "integer", "minimum": 0},
            },
        },
        "partitioning": {"type": "string", "description": "how the source's data is partitioned"},
    },
    "examples": [
        {
            "sourceName": "my-flights",
            "jobCluster": {"min_workers": 1},
            "partitioning": "--partitioning=logic=partitionByEventTimestamp",
        }
    ],
}
LONGEST_MESSAGE = 300  # characters; jsonschema's messages quote what was given, whole

_validator = Draft202012Validator(SCHEMA)


class PayloadError(NamedTuple):
    """What is wrong with a payload, and where: `jobCluster.min_workers`, or "" for the payload as a whole."""

    place: str
    message: str


def payload_errors(text: str) -> list[PayloadError]:
    """Return all that is wrong with a payload; nothing if it may be stored."""
    try:
        payload = loads(text)
    except ValueError as error:
        return [PayloadError("", f"The payload is not JSON: {error}.")]
    return [found for error in _validator.iter_errors(payload) for found in _errors(error)]


def _errors(error: ValidationError) -> Iterator[PayloadError]:
    place = [str(step) for step in error.absolute_path]
    if error.validator == "required":  # the place of what is missing is not in the path
        given: Any = error.instance
        place += [name for name in SCHEMA["required"] if name not in given]
    message = error.message
    yield PayloadError(".".join(place), message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…")
