"""A client that a generator makes of the schema has every operation, and each resource can be called with it."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.api.conftest import TOKEN, call
from tests.processes import System

PACKAGE = "apron_client"


@pytest.fixture(scope="module")
def system(run: Callable[..., System]) -> System:
    return run(REQUIRE_TOKEN="true")


@pytest.fixture(scope="module")
def client(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a client that was made without a warning, importable while the tests of the module run."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "schema.json").write_bytes(_schema(system))
    config = folder / "config.json"  # the generator does not know JSON lines
    config.write_text('{"content_type_overrides": {"application/x-ndjson": "application/octet-stream"}}')
    programs = Path(sys.executable).parent
    command = [str(programs / "openapi-python-client"), "generate", "--fail-on-warning", "--meta", "none"]
    command += ["--config", str(config)]
    made = subprocess.run(
        [*command, "--path", str(folder / "schema.json"), "--output-path", str(folder / PACKAGE)],
        check=False, capture_output=True, text=True, timeout=120,
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield folder / PACKAGE
    sys.path.remove(str(folder))


def _schema(system: System) -> bytes:
    return requests.get(f"{system.url}/schema", headers=TOKEN, timeout=30).content


@pytest.fixture
def ask(client: Path, system: System) -> Callable[..., Any]:
    """Call an operation by its tag and name with the generated client, and return what it parsed of the answer."""
    made: Any = importlib.import_module(PACKAGE)
    caller = made.AuthenticatedClient(base_url=system.url.removesuffix("/api"), token="test-token")

    def ask(tag: str, name: str, *arguments: Any, **named: Any) -> Any:
        operation = importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")
        answer = operation.sync_detailed(*arguments, client=caller, **named)
        assert answer.status_code < 300, answer.content
        return answer.parsed

    return ask


def model(model_name: str, /, **members: Any) -> Any:
    """Return an input as the generated client has it."""
    return getattr(importlib.import_module(f"{PACKAGE}.models"), model_name).from_dict(members)


def test_every_operation_is_in_it(client: Path, system: System) -> None:
    paths = call(system, "GET", "schema")["paths"].values()
    named = {operation["operationId"] for path in paths for operation in path.values()}
    assert {file.stem for file in client.glob("api/*/*.py")} - {"__init__"} == named


def test_imports_can_be_listed(ask: Callable[..., Any]) -> None:
    assert [run.status.value for run in ask("inflight", "list_imports")] == ["completed"]


def test_customers_can_be_sent_and_deliveries_followed(ask: Callable[..., Any]) -> None:
    delivery = ask("inflight", "send_customers", body=model("SendInputRequest", only="changed"))
    assert ask("inflight", "get_delivery", delivery.id).status.value == "delivered"


def test_customers_can_be_searched(ask: Callable[..., Any]) -> None:
    assert [customer.last_name for customer in ask("inflight", "list_customers", q="galante")] == ["Galante"]


def test_a_purchase_can_be_had(ask: Callable[..., Any]) -> None:
    assert ask("inflight", "get_purchase", "2/01").customer_id == "2"


def test_a_product_can_be_made_and_changed(ask: Callable[..., Any]) -> None:
    product = ask("catalog", "create_product", body=model("ProductInputRequest", name="Chair"), idempotency_key="chair")
    changed = ask("catalog", "change_product", product.id, body=model("PatchedProductInputRequest", name="Stool"))
    assert (product.name, changed.name) == ("Chair", "Stool")


def test_metadata_can_be_registered(ask: Callable[..., Any]) -> None:
    body = model("MetadataInputRequest", name="flights", payload='{"sourceName": "flights"}')
    assert ask("metadata_registry", "create_metadata", body=body).payload == '{"sourceName": "flights"}'


def test_data_can_be_posted(ask: Callable[..., Any]) -> None:
    entry = ask("ingest", "post_data", body=model("DataInputRequest", content="a"))
    assert ask("ingest", "get_data", entry.id).content == "a"


def test_an_operation_can_be_run_on_a_file(ask: Callable[..., Any]) -> None:
    by = model("GroupByInputRequest", file_path="sales.csv", by=["shop"])
    result = ask("compute", "group_by", body=by)
    assert (result.rows, ask("compute", "get_job", result.job).status.value) == (2, "done")


def test_files_can_be_listed(ask: Callable[..., Any]) -> None:
    assert "sales.csv" in [file.file_path for file in ask("compute", "list_files")]


def test_health_can_be_asked_for(ask: Callable[..., Any]) -> None:
    assert ask("health", "health").status.value == "ok"
