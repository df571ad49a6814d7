"""The served schema is a schema, and its own example keeps to it."""

import orjson
import pytest
from jsonschema import Draft202012Validator

from metadata_registry.payloads import LONGEST_MESSAGE, SCHEMA, PayloadError, payload_errors


def test_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_example_of_the_schema_is_taken() -> None:
    (example,) = SCHEMA["examples"]
    assert payload_errors(orjson.dumps(example).decode()) == []


@pytest.mark.parametrize(
    "text", ['{"sourceName": "", "other": [1]}', '{"sourceName": "s", "jobCluster": {"min_workers": 0}}']
)
def test_unusual_but_valid_payload_is_taken(text: str) -> None:
    assert payload_errors(text) == []


def test_fault_names_its_place() -> None:
    assert payload_errors('{"sourceName": "s", "jobCluster": {"min_workers": "one"}}') == [
        PayloadError("jobCluster.min_workers", "'one' is not of type 'integer'")
    ]


def test_message_does_not_repeat_a_long_payload() -> None:
    (fault,) = payload_errors(orjson.dumps(["x" * 10_000]).decode())
    assert len(fault.message) == LONGEST_MESSAGE + 1
